"""The acts, one small file each: a pure function over (path, scene, lamp history) that says why in numbers."""
