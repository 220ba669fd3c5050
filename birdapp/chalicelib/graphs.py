"""ffmpeg's filter graphs; each has one output, [sound]."""

from .ffmpeg_log import MAX_CHANNELS
from .levels import Pick
from .pcm import SAMPLE_RATE

# "<" divides by the number of channels that there are.
MEAN = "c0<" + "+".join(f"c{channel}" for channel in range(MAX_CHANNELS))
# The side branch puts the header of the first sound into the log.
HEADER = "[first]atrim=end_sample=1,ashowinfo,anullsink"
# Not rounded. A float file's NaN and infinity would spoil all that they are added to.
EXACT = "aformat=sample_fmts=fltp"
FINITE = (
    f"{EXACT},astats@raw=measure_perchannel=none:measure_overall=Number_of_NaNs+Number_of_Infs,"
    r"aeval=if(isnan(val(ch))+isinf(val(ch))\,0\,val(ch)):c=same"
)
STATISTICS = "measure_perchannel=DC_offset+RMS_level+Peak_level:measure_overall=none"


# The first track, all its channels.
FIRST_LOOK = f"[0:a:0]asplit[sound][first];{HEADER}"


def measuring(track: int, samples: str) -> str:
    """Return the graph that writes the levels of a track into the log.

    `samples` is EXACT or FINITE.
    """
    return (
        f"[0:a:{track}]asplit[all][first];[all]{samples},aresample={SAMPLE_RATE},{EXACT},"
        f"asplit[each][every];[each]astats@channels={STATISTICS},anullsink;"
        f"[every]pan=mono|{MEAN},astats@mean={STATISTICS}[sound];{HEADER}"
    )


def picking(track: int, samples: str, pick: Pick) -> str:
    """Return the graph that takes one channel of a track, or the mean, and brings it into range."""
    channel = MEAN if pick.channel is None else f"c0=c{pick.channel}"
    ranged = f",aeval=(val(0)-({pick.level.offset:.9g}))*{pick.gain:.9g}:c=same"
    return (
        f"[0:a:{track}]asplit[all][first];"
        f"[all]{samples},pan=mono|{channel}{ranged if pick.gain != 1.0 else ''}[sound];{HEADER}"
    )
