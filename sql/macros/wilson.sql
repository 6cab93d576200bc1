-- question: Between which two shares does the true share of hits among n lie?
-- technique: Wilson's score interval (1927); z is the quantile of the normal distribution, 1.96 for 95%

create or replace temp macro wilson_low(hits, n, z) as (
    hits / n + z * z / (2 * n) - z * sqrt(hits / n * (1 - hits / n) / n + z * z / (4 * n * n))
) / (1 + z * z / n);

create or replace temp macro wilson_high(hits, n, z) as (
    hits / n + z * z / (2 * n) + z * sqrt(hits / n * (1 - hits / n) / n + z * z / (4 * n * n))
) / (1 + z * z / n);
