"""Why a vehicle that came by was not reported: out of the refusals of the rules themselves, for a technician."""
