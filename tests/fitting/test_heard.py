"""Warnings while fits run side by side: each at its fit, none lost, nothing left behind."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from rareclass.fitting.heard import Heard, listening


@pytest.fixture
def elsewhere():
    """What is warned of outside of any fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def texts(caught):
    return [str(w.message) for w in caught]


def say(text, category=UserWarning):
    warnings.warn(text, category, stacklevel=2)


def test_warnings_of_two_fits_at_once_are_kept_apart_and_those_of_other_threads_go_where_they_went(elsewhere):
    together = threading.Barrier(3)

    def fit(name):
        with listen() as heard:
            together.wait()
            for _ in range(50):
                say(name)
            together.wait()
        return heard

    with listening() as listen, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(fit, name) for name in ("a", "b")]
        together.wait()
        say("nobody's")
        together.wait()
        heard = [f.result() for f in waiting]
    assert heard == [[Heard(UserWarning, name)] * 50 for name in ("a", "b")]
    assert texts(elsewhere) == ["nobody's"]


def test_what_a_thread_says_before_and_after_it_listens_is_not_kept(elsewhere):
    with listening() as listen:
        say("before")
        with listen() as heard:
            say("inside")
        say("after")
    assert [h.text for h in heard] == ["inside"]
    assert texts(elsewhere) == ["before", "after"]


def test_words_to_developers_are_not_for_the_report(elsewhere):
    with listening() as listen, listen() as heard:
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            say("a function will go", category)
        say("rates are equal", RuntimeWarning)
    assert heard == [Heard(RuntimeWarning, "rates are equal")]
    assert not elsewhere


def test_listening_leaves_the_table_of_warnings_as_it_was_also_after_an_error():
    before, shown = list(warnings.filters), warnings.showwarning
    with listening():
        assert warnings.filters != before
    assert (warnings.filters, warnings.showwarning) == (before, shown)
    with pytest.raises(ArithmeticError), listening() as listen, listen():
        raise ArithmeticError
    assert (warnings.filters, warnings.showwarning) == (before, shown)


def test_a_fit_that_fits_side_by_side_itself_keeps_both_apart(elsewhere):
    def inner_fit(listen):
        with listen() as heard:
            say("inner")
        return heard

    def outer_fit():
        with listen() as heard:
            say("outer, before")
            with listening() as inner, ThreadPoolExecutor(1) as pool:
                found = pool.submit(inner_fit, inner).result()
                say("outer, meanwhile")
            say("outer, after")
        return [h.text for h in heard], [h.text for h in found]

    with listening() as listen, ThreadPoolExecutor(1) as pool:
        outer, inner = pool.submit(outer_fit).result()
    assert outer == ["outer, before", "outer, meanwhile", "outer, after"]
    assert inner == ["inner"]
    assert not elsewhere


def test_a_warning_said_again_points_at_the_caller():
    with pytest.warns(RuntimeWarning, match="equal rates") as caught:
        Heard(RuntimeWarning, "equal rates").again(stacklevel=1)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("action", ["ignore", "error"])
def test_filters_of_threads_that_fit_nothing_still_hold(action):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)
        raised = False
        with listening():
            try:
                say("progress")
            except UserWarning:
                raised = True
    assert raised == (action == "error")
    assert not caught


def test_who_listens_inside_another_does_not_deafen_the_outer():
    with listening() as listen, listen() as a:
        with listen() as b:
            say("1")
        say("2")
    assert [len(a), len(b)] == [1, 1]


def test_fits_that_listen_themselves_do_not_take_each_others_words(elsewhere):
    A, B = threading.Event(), threading.Event()
    Aout = threading.Event()

    def first():
        with listen() as heard:
            with listening():
                A.set()
                B.wait()
            Aout.set()
            say("first")
        return heard

    def second():
        def inner_fit(lst):
            with lst() as h:
                say("inner of second")
            return h

        with listen() as heard:
            A.wait()
            with listening() as inner, ThreadPoolExecutor(1) as pool:
                B.set()
                Aout.wait()
                found = pool.submit(inner_fit, inner).result()
            say("second")
        return heard, found

    with listening() as listen, ThreadPoolExecutor(2) as pool:
        f, s = pool.submit(first), pool.submit(second)
        f, (s, i) = f.result(), s.result()
    assert [[h.text for h in v] for v in (f, s, i)] == [["first"], ["second"], ["inner of second"]]
    assert not elsewhere
