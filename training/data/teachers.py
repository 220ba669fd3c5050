"""Networks whose scores may weigh windows, and what a model that learnt from them must say."""

from dataclasses import dataclass

# A network of one's own: nobody has to be named.
OWN = "own"


@dataclass(frozen=True)
class Teacher:
    """A network by its name, its makers, its licence and where it is published."""

    name: str
    makers: str
    licence: str
    url: str


TEACHERS = {
    "birdnet-2.4": Teacher(
        "BirdNET 2.4",
        "K. Lisa Yang Center for Conservation Bioacoustics, Cornell Lab of Ornithology, and"
        " Chemnitz University of Technology",
        "CC BY-NC-SA 4.0",
        "https://github.com/birdnet-team/BirdNET-Analyzer",
    )
}
