"""From a confirmed case to a notice on paper: draft, issue, code, copy for the owner."""
