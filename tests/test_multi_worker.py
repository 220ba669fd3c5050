"""training/source_dir/multi_worker.py: who is who among machines; test_launch.py trains on two."""

import sys

import pytest

from training.jobs.source_folder import SOURCE_DIR

HOSTS = '["algo-1", "algo-2", "algo-3"]'


@pytest.fixture(scope="module")
def multi_worker():
    """The module as it is imported in the container."""
    sys.path.insert(0, str(SOURCE_DIR))
    import multi_worker  # noqa: PLC0415

    yield multi_worker
    sys.path.remove(str(SOURCE_DIR))


@pytest.fixture
def machine(multi_worker):
    """Make one of three machines, which has not met the others."""

    def make(index):
        workers = object.__new__(multi_worker.Workers)
        workers.count, workers.index = 3, index
        return workers

    return make


def test_sagemakers_hosts_become_tensorflows_cluster(multi_worker):
    assert multi_worker.tf_config({"SM_HOSTS": HOSTS, "SM_CURRENT_HOST": "algo-2"}) == {
        "cluster": {"worker": ["algo-1:7777", "algo-2:7777", "algo-3:7777"]},
        "task": {"type": "worker", "index": 1},
    }


@pytest.mark.parametrize(
    "environment", [{}, {"SM_HOSTS": '["algo-1"]', "SM_CURRENT_HOST": "algo-1"}]
)
def test_machine_alone_is_the_chief_and_meets_nobody(multi_worker, environment):
    workers = multi_worker.Workers(environment)
    assert (workers.count, workers.is_chief) == (1, True)
    assert "TF_CONFIG" not in environment


def test_machine_alone_learns_from_the_whole_batch_and_its_own_gradients(multi_worker):
    workers = multi_worker.Workers({})
    assert workers.share(32, parts=2) == 32
    assert list(workers.places(3)) == [0, 1, 2]
    assert [float(value) for value in workers.mean([1.5, 2.0])] == [1.5, 2.0]


def test_no_two_machines_draw_the_same_examples(machine):
    places = [place for index in range(3) for place in machine(index).places(4)]
    assert sorted(places) == list(range(12))


@pytest.mark.parametrize(
    ("batch_size", "parts", "share"), [(33, 1, 11), (32, 1, 11), (32, 2, 12), (1, 1, 1)]
)
def test_every_machine_has_as_many_examples_of_a_batch(machine, batch_size, parts, share):
    assert machine(2).share(batch_size, parts=parts) == share
