//! Configurations and sweeps as text, over random values: read, written and read again, run as the
//! builder's; or refused with the key and the line.

use crate::strategies::{batches, cases, first_layer, scaling, size, step, wild};
use linear_width::experiment::{Precision, Settings};
use linear_width::network::SecondLayerLaw;
use linear_width::spectral::OutlierRule;
use linear_width::training::StepSize;
use linear_width_runs::config::{
    ConfigError, ExperimentConfig, FunctionConfig, Reason, TargetConfig,
};
use linear_width_runs::sweep::{Shard, Sweep, SweepError};
use proptest::prelude::*;
use proptest::sample::select;

fn function() -> impl Strategy<Value = FunctionConfig> {
    let number = || prop_oneof![6 => -2.0..2.0, 1 => wild()];
    prop_oneof![
        (number(), number()).prop_map(|(scale, shift)| FunctionConfig::Tanh { scale, shift }),
        Just(FunctionConfig::Erf),
        Just(FunctionConfig::Sigmoid),
        (number(), number())
            .prop_map(|(amplitude, phase)| FunctionConfig::Sine { amplitude, phase }),
        Just(FunctionConfig::Relu),
        number().prop_map(|slope| FunctionConfig::LeakyRelu { slope }),
        (number(), number()).prop_map(|(beta, scale)| FunctionConfig::Softplus { beta, scale }),
        Just(FunctionConfig::Gelu),
        Just(FunctionConfig::Silu),
        proptest::collection::vec(number(), 0..4).prop_map(FunctionConfig::Hermite),
    ]
}

fn steps() -> impl Strategy<Value = Vec<StepSize>> {
    let any = (wild(), wild()).prop_map(|(constant, alpha)| StepSize { constant, alpha });
    proptest::collection::vec(prop_oneof![9 => step(), 1 => any], 1..4)
}

fn rule() -> impl Strategy<Value = Option<OutlierRule>> {
    let number = || prop_oneof![4 => 0.1..4.0, 1 => wild()];
    proptest::option::of(prop_oneof![
        (number(), number()).prop_map(|(edge, margin)| OutlierRule::AboveEdge { edge, margin }),
        number().prop_map(|margin| OutlierRule::MarchenkoPastur { margin }),
        (0_usize..3, number())
            .prop_map(|(max_outliers, factor)| OutlierRule::LargestGap { max_outliers, factor }),
        number().prop_map(|level| OutlierRule::TracyWidom { level }),
    ])
}

/// Configurations that are mostly valid.
fn config() -> impl Strategy<Value = ExperimentConfig> {
    let target = (
        function(),
        prop_oneof![4 => Just(1.0), 2 => 0.3..2.0, 1 => wild()],
        prop_oneof![3 => Just(vec![]), 1 => proptest::collection::vec(0_usize..5, 0..3)],
        prop_oneof![4 => Just(0.0), 2 => 0.0..1.0, 1 => wild()],
    )
        .prop_map(|(link, argument_scale, without, noise)| TargetConfig {
            link,
            argument_scale,
            without,
            directions: None,
            noise,
        });
    let second = prop_oneof![
        4 => select(vec![
            SecondLayerLaw::Gaussian, SecondLayerLaw::Uniform, SecondLayerLaw::Rademacher,
        ]),
        1 => proptest::collection::vec(wild(), 1..5).prop_map(|b| SecondLayerLaw::Fixed(b.into())),
    ];
    let sizes = (size(8), size(8), size(20), any::<u64>());
    let counts = (proptest::option::of(0_usize..6), 0_usize..6);
    let laws = (first_layer(), second, scaling());
    let rest = (any::<bool>(), any::<bool>(), rule(), proptest::option::of(0_usize..500_000));
    (sizes, function(), target, laws, (steps(), batches()), counts, rest).prop_map(
        |((width, dimension, samples, seed), activation, target, laws, run, counts, rest)| {
            let settings = Settings {
                width,
                dimension,
                samples,
                seed,
                precision: if rest.0 { Precision::F32 } else { Precision::F64 },
                centred: rest.1,
                initialisation: laws.0,
                second_layer: laws.1,
                scaling: laws.2,
                steps: run.0,
                batches: run.1,
                triplets: counts.0,
                second_layer_powers: counts.1,
                outlier_rule: rest.2,
                with_prediction: false,
                keep_weights: rest.1,
                memory_limit: rest.3,
                ..Settings::default()
            };
            ExperimentConfig { activation, target, settings }
        },
    )
}

/// Every problem has a key, a reason and, in a text, a line.
fn check_error(error: &ConfigError, lines: Option<usize>) -> Result<(), TestCaseError> {
    let ConfigError::Problems(problems) = error else {
        return Err(TestCaseError::fail(error.to_string()));
    };
    prop_assert!(!problems.is_empty());
    for problem in problems {
        prop_assert!(!problem.key.is_empty() && !problem.reason.to_string().is_empty());
        // keys that were left out have no line; values out of range are typed
        prop_assert!(problem.line.is_none_or(|line| line >= 1 && Some(line) <= lines));
        let typed = matches!(problem.reason, Reason::Invalid(_));
        prop_assert!(typed, "{problem}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn config_survives_toml(config in config()) {
        let text = config.to_toml().unwrap();
        let plain: Result<toml::Table, _> = toml::from_str(&text);
        let lines = text.lines().count();
        match (ExperimentConfig::from_toml(&text), config.build()) {
            (Ok(read), Ok(experiment)) => {
                prop_assert_eq!(&read, &config);
                prop_assert!(config.estimated_bytes() > 0);
                match (read.build().unwrap().run(), experiment.run()) {
                    (Ok(a), Ok(b)) => {
                        for (a, b) in a.stages.iter().zip(&b.stages) {
                            prop_assert_eq!(&a.singular_values, &b.singular_values);
                            prop_assert_eq!(&a.triplets, &b.triplets);
                            prop_assert!(a.singular_values.iter().all(|s| s.is_finite()));
                        }
                        // numbers survive JSON to the last bit
                        let json = serde_json::to_string(&a).unwrap();
                        let back: linear_width::Report = serde_json::from_str(&json).unwrap();
                        prop_assert!(back == a, "{json}");
                    }
                    (a, b) => {
                        let (a, b) = (a.unwrap_err(), b.unwrap_err());
                        prop_assert_eq!(a, b);
                    }
                }
            }
            (Err(read), Err(built)) => {
                // what is written is always of the right shape
                prop_assert!(plain.is_ok());
                check_error(&read, Some(lines))?;
                check_error(&built, None)?;
                prop_assert_eq!(read.problems().len(), built.problems().len());
                for (read, built) in read.problems().iter().zip(built.problems()) {
                    prop_assert_eq!(&read.key, &built.key);
                }
            }
            (read, built) => {
                prop_assert!(false, "{:?} {:?}", read.err(), built.err());
            }
        }
    }

    #[test]
    fn sweep_has_all_its_points(
        widths in proptest::collection::btree_set(1_usize..9, 1..4),
        noises in proptest::collection::vec(0.0..1.0, 1..3),
        seeds in 1_u64..4, first in 0_u64..1000, shards in 1_usize..5,
    ) {
        let widths: Vec<usize> = widths.into_iter().collect();
        let text = format!(
            "dimension = 4\nsamples = 6\nseed = {first}\nwith_prediction = false\n\
             activation = {{ tanh = {{}} }}\n\
             target = {{ link = \"gelu\" }}\n\
             steps = [{{ constant = 1.0, alpha = 0.3 }}]\n\
             [sweep]\ngrid = {{ width = {widths:?} }}\nseeds = {seeds}\n\
             points = [{}]\n",
            noises.iter().map(|noise| format!("{{ \"target.noise\" = {noise:?} }}"))
                .collect::<Vec<_>>().join(", ")
        );
        let sweep = Sweep::from_toml(&text).unwrap();
        let points = sweep.points();
        prop_assert_eq!(points.len(), widths.len() * noises.len() * seeds as usize);
        for (number, point) in points.iter().enumerate() {
            let seeds = seeds as usize;
            let config = point.config();
            prop_assert_eq!(config.settings.seed, first + (number % seeds) as u64);
            prop_assert_eq!(config.settings.width, widths[number / seeds % widths.len()]);
            prop_assert_eq!(config.target.noise, noises[number / seeds / widths.len()]);
        }
        let held: usize = (1..=shards)
            .map(|index| {
                let shard = Shard::new(index, shards).unwrap();
                (0..points.len()).filter(|point| shard.holds(*point)).count()
            })
            .sum();
        prop_assert_eq!(held, points.len());
        // the same with one width that is not allowed
        let wrong = Sweep::from_toml(&text.replace("width = [", "width = [0, "));
        let Err(SweepError::Config(error)) = wrong else { panic!("{wrong:?}") };
        check_error(&error, Some(text.lines().count()))?;
        prop_assert_eq!(error.problems()[0].line, Some(9));
    }

    #[test]
    fn shard_from_any_text(text in "[0-9/ a-]{0,9}", index in 0_usize..6, count in 0_usize..6) {
        if let Ok(shard) = text.parse::<Shard>() {
            prop_assert_eq!(shard.to_string().parse::<Shard>().unwrap(), shard);
        }
        let shard = Shard::new(index, count);
        prop_assert_eq!(shard.is_ok(), (1..=count).contains(&index));
    }
}

/// What the properties found once: a threshold that overflowed made a report that JSON cannot hold.
#[test]
fn outlier_rule_threshold_stays_finite() {
    let rule = OutlierRule::AboveEdge { edge: f64::MAX, margin: 0.1 };
    let found = rule.apply(&[1.0], 1, 1).unwrap();
    assert_eq!((found.count, found.threshold), (0, f64::MAX));
}
