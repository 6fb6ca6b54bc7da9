"""The gateway: reads Bluetooth sensors, spools every notification, forwards over MQTT."""
