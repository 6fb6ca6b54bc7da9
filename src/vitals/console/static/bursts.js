// Auditory alarm signals after IEC 60601-1-8: ten pulses say high, three medium, two low. Rendered once, in advance:
// a burst must sound when the server that it warns of is gone.

const HARMONICS = [1, 0.8, 0.7, 0.6, 0.5, 0.4]; // all within 8 dB of the fundamental

// at: onsets in s; tone: fundamentals in Hz; pulse: length of one in s; every: from one burst's start to the next.
export const BURSTS = {
  high: {
    at: [0, 0.25, 0.5, 1, 1.25, 2, 2.25, 2.5, 3, 3.25],
    tone: [523, 523, 523, 659, 784, 523, 523, 523, 659, 784],
    pulse: 0.15,
    every: 8,
    loudness: 0.5,
  },
  medium: { at: [0, 0.4, 0.8], tone: [523, 523, 659], pulse: 0.2, every: 16, loudness: 0.4 },
  low: { at: [0, 0.4], tone: [659, 523], pulse: 0.2, every: 30, loudness: 0.3 },
};

/** One burst as an AudioBuffer. */
export function render(priority, sampleRate = 44100) {
  const { at, tone, pulse, loudness } = BURSTS[priority];
  const context = new OfflineAudioContext(1, Math.ceil((at.at(-1) + pulse + 0.05) * sampleRate), sampleRate);
  const wave = context.createPeriodicWave(new Float32Array(HARMONICS.length + 1), new Float32Array([0, ...HARMONICS]));
  at.forEach((start, index) => {
    const oscillator = new OscillatorNode(context, { frequency: tone[index], type: "custom", periodicWave: wave });
    const gain = new GainNode(context, { gain: 0 });
    const edge = pulse * 0.2; // rise and fall: 10 to 40 % of a pulse
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loudness, start + edge);
    gain.gain.setValueAtTime(loudness, start + pulse - edge);
    gain.gain.linearRampToValueAtTime(0, start + pulse);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + pulse);
  });
  return context.startRendering();
}
