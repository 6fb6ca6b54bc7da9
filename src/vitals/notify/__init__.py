"""Who is told of an alarm, when, through which channel; every attempt is recorded.

``schedule`` and ``directory`` say who is on call, ``dispatch`` decides, ``delivery`` carries it out, ``notifier`` runs
the two. Channels implement ``base.Channel``. No name and no vital sign ever leaves the house (``message``).
"""
