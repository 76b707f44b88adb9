"""Kits: sounds laid out over keys, velocities and round robins, as files that samplers open.

general_midi    the keys of drums, and which sounds choke one another
layout          which sound plays on which key, at which velocity, and in which turn
sfz             SFZ files
decentsampler   presets of Decent Sampler
hydrogen        drum kits of Hydrogen
write           the formats by name, and the folder of a kit
made_folders    kits of folders that were made before
"""
