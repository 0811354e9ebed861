"""From messages of boxes to committed packets: broker, transfers, quarantine, chains."""
