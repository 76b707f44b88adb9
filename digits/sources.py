"""What a pretrained model of digits may be trained on."""

from audio_vae.data.sources import Source

SOURCES = (
    Source(
        title="Free Spoken Digit Dataset",
        by="Zohar Jackson and its speakers",
        licence="CC BY-SA 4.0",
        url="https://github.com/Jakobovski/free-spoken-digit-dataset",
        names=r"[0-9]_[a-z]+_[0-9]+\.wav",
    ),
)
