"""The words of a model card, with places for what training and evaluation found."""

CARD = """# Model card: {version}

A small network that names {species} bird species from five seconds of sound{place}. {architecture}
{served}
## What it learnt from

{recordings} recordings ({length}) of {all_species} species{no_bird}{origin}.
The {species} listed species have at least {minimum} recordings each{others}.
`manifest.csv` names every recording with its recordist, its licence and its part.

| part | recordings | of listed species | used for |
| --- | --- | --- | --- |
{parts}

{split}

## Licence

{licence}

## Scores on recordings that it did not learn from
{few}
{measured}
Through the code that serves; 95 % intervals in brackets.

{scores}

It was trained for {minutes:.0f} minutes{how} and saw {windows_seen:,} windows{report_training}.
{learning}

| promise | kept |
| --- | --- |
{promises}

Of `birds`, where each species has a certainty of its own, alone and where several sing:

| promise | kept |
| --- | --- |
{birds}

Two recordings of two species, each certain alone, follow each other (sequence) or sing at once,
equally loud (overlay). A scene has two to five birds, down to 30 dB apart, over a real background.

By where the recordings are from:

| recordings | right first | in the first three | says "bird" | is then right |
| --- | --- | --- | --- | --- |
{sources}

Expected calibration error (10 bins of equal mass): {window_error} on windows, {recording_error} on
recordings; a perfectly calibrated model stays below {perfect} on so few recordings 95 times in 100.
On entries of `birds`: {entry_error}; a perfect model stays below {entry_perfect}.

Worst species first (`species.png` shows them with intervals):

| species | named right | n | taken for |
| --- | --- | --- | --- |
{worst}

![Share named right, by species](species.png)

![Reliability](reliability.png)

![Reliability of entries of birds](reliability_birds.png)

## What it must not be used for

- To prove that a species was or was not there: it hears only {species} species, and many others
  sound alike.
- For counts, surveys or decisions about land, hunting or protection without a person who checks by
  ear.
- On recordings from {elsewhere}, of bats, insects or frogs, or under water.
{commercially}
The recordings are few for most species: read the intervals, not the values.
Recordings that people chose are clearer than most: a phone in the wind will do worse. Copies as
phones leave them are narrow, levelled and of few bits (`training/scores/phones.py`).
"""

SERVED = "It is the model that `make run` serves and that the deploy script puts on the endpoint.\n"
FEW = """
**These figures mean little.** Only {count} recordings of {species} species could be scored: an
interval of 95 % is as wide as the brackets say, and another split would give other values.
"""
SCORES = {
    "top1": "right species first",
    "top3": "right species among the first three",
    "macro_f1": "F1, mean over species",
}
MEASURED = {
    "make evaluate": "Measured with `make evaluate` on the part held back.",
    "make cross-validate": "Measured with `make cross-validate`: each recording was scored by a"
    " network of the\nsame recipe that had not learnt from its fold. The model itself learnt from"
    " all folds.",
}
BIRDS = {
    "birds": {
        "certain_entries_right": "certain entries that are right, of listed species' recordings",
        "listed_with_their_bird_certain": "recordings of listed species with their bird certain",
        "others_with_a_certain_entry": "recordings of other species with a certain (wrong) entry",
        "no_bird_with_a_certain_entry": "sounds without a bird with a certain (wrong) entry",
        "unknown_bird_said_of_others": 'says "a bird that I do not know" of other species',
        "unknown_bird_said_of_listed": "says so of listed species (wrong)",
    },
    "sequences": {
        "both_certain": "sequence: both are certain",
        "nothing_else_certain": "sequence: nothing else is certain",
    },
    "overlays": {
        "one_certain_and_right": "overlay: at least one is certain and right",
        "both_certain": "overlay: both are certain",
        "a_wrong_one_certain": "overlay: a wrong one is certain",
    },
    "scenes": {
        "certain_names_right": "scene: certain names that are right",
        "birds_named": "scene: birds that are named for certain",
    },
}
PROMISES = {
    "right_when_bird_said_of_listed": 'right, when it says "bird" of a listed species',
    "bird_said_of_listed": 'says "bird" of recordings of listed species',
    "bird_said_of_other_species": 'says "bird" of recordings of other species (always wrong)',
    "bird_said_of_no_bird": 'says "bird" of sounds without a bird',
    "no_bird_said_of_listed": 'says "no bird" of recordings of listed species (wrong)',
}
