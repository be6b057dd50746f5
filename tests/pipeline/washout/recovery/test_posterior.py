"""The posterior of M2 against R: a random walk there, importance sampling here; and both of two summits."""

import numpy as np
import pytest
from scipy.special import ndtr

from helpers.r_witness import needs_r, r_numbers
from pipeline.patients.pharmacokinetics.decline import labelled_curve
from pipeline.washout import NotEstimableError, observe
from pipeline.washout.recovery.draws import draws
from pipeline.washout.recovery.fit import weighted_quantile
from pipeline.washout.recovery.prior import R0, Prior, T
from pipeline.washout.recovery.summits import summits
from pipeline.washout.recovery.surface import Surface
from validation.recovery import Recovery, simulated

WALK = """
set.seed(1)
nodes <- seq(-3, 3, length.out = 41); wn <- dnorm(nodes); wn <- wn / sum(wn)
n <- length(weeks); below <- kind < 0
away <- outer(logsd, nodes)   # a row for each visit, a column for each node
posterior <- function(p) {
  regained <- 1 - plogis(-p[2]) * 2^(-weeks / exp(p[3]))
  s <- sqrt(exp(2 * p[7]) + sd^2)
  conc <- ug * exp(exp(p[6]) * away - p[5] * weeks)
  z <- (y - p[1] - log10(regained * exp(p[4]) / (conc + exp(p[4])))) / s
  held <- exp(-z^2 / 2) / (s * sqrt(2 * pi))
  if (any(below)) held[below, ] <- pnorm(z[below, ])
  sum(log(held %*% wn + 1e-300)) + sum(dnorm(p, mean, spread, log = TRUE))
}
p <- start; value <- posterior(p); kept <- matrix(0, steps, 7); root <- diag(spread * 0.15)
for (i in 1:steps) {
  if (i %% 1000 == 0 && i <= steps / 3)
    root <- t(chol(cov(kept[max(1, i - 4000):(i - 1), ]) + diag(1e-6, 7))) * 2.38 / sqrt(7)
  q <- p + as.vector(root %*% rnorm(7)); next_value <- posterior(q)
  if (log(runif(1)) < next_value - value) { p <- q; value <- next_value }
  kept[i, ] <- p
}
kept <- kept[-(1:(steps / 3)), ]
tell("plateau", quantile(kept[, 1], c(0.025, 0.5, 0.975)))
tell("weeks", quantile(kept[, 3], c(0.025, 0.5, 0.975)))
"""


def surface_of(data):
    level, spread = labelled_curve().at(data.weeks)
    return Surface(data, level, spread, Prior.around(0.25))


def quantiles(drawn, weights, place):
    ends = weighted_quantile(drawn[:, place], weights)
    middle = weighted_quantile(drawn[:, place], weights, 0.0)[0]
    return [ends[0], middle, ends[1]]


@pytest.mark.slow
@needs_r()
@pytest.mark.parametrize("case", ["fast drug", "modelled drug", "few rows"])
def test_the_posterior_is_that_of_a_random_walk_in_r(case):
    curve = labelled_curve()
    data = {
        "fast drug": lambda: simulated(Recovery("exponential", 40), curve, np.random.default_rng(2)),
        "modelled drug": lambda: simulated(Recovery("xu", 40), curve, np.random.default_rng(3)),
        "few rows": lambda: simulated(Recovery("exponential", 20), curve, np.random.default_rng(7)),
    }[case]()
    surface = surface_of(data)
    found = summits(surface)
    drawn, weights = draws(surface, found, 6_000, np.random.default_rng(5))
    walked = r_numbers(
        WALK, weeks=data.weeks, y=data.log_rd, kind=data.kind.astype(float), sd=data.measurement_sd,
        ug=surface.ug_ml, logsd=surface.log_sd, mean=surface.prior.mean, spread=surface.prior.sd,
        start=found[0].parameters, steps=24_000,
    )  # fmt: skip
    assert quantiles(drawn, weights, R0) == pytest.approx(walked["plateau"], abs=0.08)
    assert quantiles(drawn, weights, T) == pytest.approx(walked["weeks"], abs=0.25)


def flat(n, seed):
    rng = np.random.default_rng(seed)
    weeks = np.exp(rng.uniform(np.log(2), np.log(100), n))
    rd = 10 ** (4.6 + 0.35 * rng.standard_normal(n))
    return observe(weeks, rd, ["OK"] * n, lloq=100.0, measurement_sd=0.05)


def prior_weighted(surface, n, seed):
    """Draw from a law wider than the prior, weigh by prior and likelihood, from the formula on 61 nodes."""
    rng, data = np.random.default_rng(seed), surface.data
    wider = np.array([2.5, 1, 1, 1.3, 2, 1, 1])
    deviates = wider * rng.standard_normal((n, 7))
    p = surface.prior.mean + surface.prior.sd * deviates
    nodes = np.linspace(-3, 3, 61)
    masses = np.exp(-0.5 * nodes**2) / np.exp(-0.5 * nodes**2).sum()
    logs = 0.5 * np.sum((deviates / wider) ** 2 - deviates**2, axis=1)
    for row in range(data.n):
        regained = 1 - 1 / (1 + np.exp(p[:, 1])) * 2.0 ** (-data.weeks[row] / np.exp(p[:, 2]))
        s = np.hypot(np.exp(p[:, 6]), data.measurement_sd[row])
        total = np.zeros(n)
        for node, mass in zip(nodes, masses, strict=True):
            away = np.exp(p[:, 5]) * surface.log_sd[row] * node - p[:, 4] * data.weeks[row] - p[:, 3]
            z = (
                data.log_rd[row]
                - p[:, 0]
                - np.log10(regained)
                + np.log10(1 + surface.ug_ml[row] * np.exp(away))
            )
            z = z / s
            total += mass * (ndtr(z) if data.kind[row] < 0 else np.exp(-0.5 * z**2) / s)
        logs += np.log(total + 1e-300)
    weights = np.exp(logs - logs.max())
    return p, weights / weights.sum()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_both_of_two_summits_are_in_the_interval_whatever_the_seed_of_the_draws(seed):
    surface = surface_of(flat(8, seed))
    found = summits(surface)
    assert len(found) > 1
    witnesses = np.array([quantiles(*prior_weighted(surface, 100_000, k), R0) for k in (9, 10, 11, 12)])
    expected, error = witnesses.mean(axis=0), witnesses.std(axis=0, ddof=1)  # heavy weights: it errs itself
    told = 0
    for draw_seed in (1, 2, 3):
        try:
            drawn, weights = draws(surface, found, 3_000, np.random.default_rng(draw_seed))
        except NotEstimableError as reason:
            assert "too uneven" in str(reason)  # noqa: PT017
            continue
        told += 1
        assert np.all(np.abs(quantiles(drawn, weights, R0) - expected) <= 0.1 + 2 * error)
    assert told


def test_the_prior_of_the_plateau_is_proper_and_around_the_usual_density():
    prior = Prior.around(0.25, 150_000.0)
    assert np.all(np.isfinite(prior.sd))
    assert prior.mean[R0] == pytest.approx(np.log10(150_000))
