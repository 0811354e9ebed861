"""From a camera or a file to pictures on one line of time: source, ring of packets, clip, clock, stills."""
