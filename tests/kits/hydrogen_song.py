"""A song of Hydrogen that plays the instruments of a drum kit one after the other."""

from collections.abc import Sequence

BAR_S = 2.0
"""Seconds from one note to the next."""

_TICKS_PER_BAR = 192

_INSTRUMENT = (
    "<instrument><id>{id}</id><name>{id}</name><drumkit>none</drumkit><volume>1</volume><isMuted>false</isMuted>"
    "<isSoloed>false</isSoloed><pan>0</pan><gain>1</gain><applyVelocity>true</applyVelocity>"
    "<filterActive>false</filterActive><filterCutoff>1</filterCutoff><filterResonance>0</filterResonance>"
    "<Attack>0</Attack><Decay>0</Decay><Sustain>1</Sustain><Release>1000</Release><pitchOffset>0</pitchOffset>"
    "<randomPitchFactor>0</randomPitchFactor><muteGroup>-1</muteGroup><isStopNote>false</isStopNote>"
    "<sampleSelectionAlgo>VELOCITY</sampleSelectionAlgo><midiOutChannel>-1</midiOutChannel>"
    "<midiOutNote>36</midiOutNote><isHihat>-1</isHihat><lower_cc>0</lower_cc><higher_cc>127</higher_cc>"
    "<instrumentComponent><component_id>0</component_id><gain>1</gain></instrumentComponent></instrument>"
)
_PATTERN = (
    "<pattern><name>{bar}</name><size>192</size><denominator>4</denominator><noteList><note><position>0</position>"
    "<leadlag>0</leadlag><velocity>{velocity}</velocity><pan>0</pan><pitch>0</pitch><probability>1</probability>"
    "<key>C0</key><length>-1</length><instrument>{id}</instrument><note_off>false</note_off></note></noteList></pattern>"
)


def song(n_instruments: int, notes: Sequence[tuple[int, float]]) -> str:
    """Return the text of a song.

    Args:
        n_instruments: number of instruments of the kit.
        notes: instrument and velocity (0 to 1) of each note.
    """
    bpm = 60 * 4 / BAR_S
    patterns = [_PATTERN.format(bar=f"bar{bar}", velocity=each[1], id=each[0]) for bar, each in enumerate(notes)]
    sequence = [f"<group><patternID>bar{bar}</patternID></group>" for bar in range(len(notes))]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<song><version>1.2.0</version><bpm>{bpm}</bpm><volume>1</volume>'
        "<metronomeVolume>0.5</metronomeVolume><name>kit</name><author>a</author><notes></notes><license></license>"
        "<loopEnabled>false</loopEnabled><mode>song</mode><humanize_time>0</humanize_time>"
        "<humanize_velocity>0</humanize_velocity><swing_factor>0</swing_factor><componentList><drumkitComponent>"
        "<id>0</id><name>Main</name><volume>1</volume></drumkitComponent></componentList>"
        f"<instrumentList>{''.join(_INSTRUMENT.format(id=number) for number in range(n_instruments))}</instrumentList>"
        f"<patternList>{''.join(patterns)}</patternList><virtualPatternList/>"
        f"<patternSequence>{''.join(sequence)}</patternSequence></song>"
    )
