"""The legal side: regimes and dates, treatment and standing, frameworks, assessment of a case, check of a draft."""
