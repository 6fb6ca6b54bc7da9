"""Early-warning scores: NEWS2 on both SpO2 scales, qSOFA, and tables that a site configures.

``findings`` are what a score may use and how long, ``table`` is what they score, ``scoring`` adds them up and says
what is missing (S18). A score supports clinical judgement and never replaces it.
"""
