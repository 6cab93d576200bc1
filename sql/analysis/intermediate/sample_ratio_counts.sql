-- question: Were users split between the variants as planned?
-- grain: experiment
-- technique: one variant per user by first exposure, chi-square statistic in SQL
-- parameters: treatment_share = 0.5
-- keys: experiment
-- columns:
--   control_users: users in the control arm only
--   treatment_users: users in the treatment arm only
--   users_in_both: users in both arms, who are left out
--   users: users in one arm
--   treatment_user_share: share of them in the treatment arm
--   chi_square: chi-square statistic of the split against the plan, one degree of freedom
-- meaning: The split is furthest from plan in {{ argmax.chi_square.experiment }}:
--   {{ argmax.chi_square.treatment_users }} treated of {{ argmax.chi_square.users }} users
--   ({{ argmax.chi_square.treatment_user_share | share(2) }}), chi-square {{ max.chi_square | ratio(1) }}
--   against 10.83 for p = 0.001.

with

exposures as (
    select * from staging.exposures
),

users as (
    select
        experiment,
        user_id,
        min(variant) as variant,
        count(distinct variant) as variants
    from exposures
    group by experiment, user_id
),

counts as (
    select
        experiment,
        count(*) filter (where variant = 'control' and variants = 1) as control_users,
        count(*) filter (where variant = 'treatment' and variants = 1) as treatment_users,
        count(*) filter (where variants > 1) as users_in_both
    from users
    group by experiment
)

select
    experiment,
    control_users,
    treatment_users,
    users_in_both,
    control_users + treatment_users as users,
    treatment_users / (control_users + treatment_users) as treatment_user_share,
    power(control_users - (control_users + treatment_users) * (1 - $treatment_share), 2)
        / ((control_users + treatment_users) * (1 - $treatment_share))
    + power(treatment_users - (control_users + treatment_users) * $treatment_share, 2)
        / ((control_users + treatment_users) * $treatment_share) as chi_square
from counts
order by experiment
