use super::*;

fn laplace(u: f64) -> f64 {
    let tail = (2.0 * u.min(1.0 - u)).ln() / 2_f64.sqrt();
    if u < 0.5 { tail } else { -tail }
}

/// Mean, variance and fourth moment of 400 000 draws.
fn moments_of(law: &CustomLaw) -> [f64; 3] {
    let mut generator = stream(3, Purpose::Inputs, 0, 0);
    let draws: Vec<f64> = (0..400_000).map(|_| law.draw(&mut generator)).collect();
    [1, 2, 4].map(|k| draws.iter().map(|x| x.powi(k)).sum::<f64>() / draws.len() as f64)
}

#[test]
fn draws_follow_the_law() {
    let r = 10_f64.sqrt();
    let laws = [
        // fourth moments: 10 (three values), 6 (Laplace), 9/5 (uniform)
        (CustomLaw::discrete("sparse", [(r, 0.05), (0.0, 0.9), (-r, 0.05)]).unwrap(), 10.0),
        (CustomLaw::quantile("laplace", laplace).unwrap(), 6.0),
        (CustomLaw::quantile("uniform", |u| 12_f64.sqrt() * (u - 0.5)).unwrap(), 1.8),
        (
            CustomLaw::sampled("coin", |g| if g.next_u32() < 1 << 31 { 1.0 } else { -1.0 })
                .unwrap(),
            1.0,
        ),
    ];
    for (law, fourth) in laws {
        let [mean, variance, measured] = moments_of(&law);
        assert!(mean.abs() < 0.01, "{law:?}: {mean}");
        assert!((variance - 1.0).abs() < 0.02, "{law:?}: {variance}");
        assert!((measured / fourth - 1.0).abs() < 0.05, "{law:?}: {measured}");
    }
}

#[test]
fn wrong_moments_are_refused_with_their_values() {
    let error = CustomLaw::quantile("wide", |u| 2.0 * laplace(u)).unwrap_err();
    let InvalidSetting::Moment { moment: "variance", found, .. } = error else { panic!("{error}") };
    assert!((found - 4.0).abs() < 1e-4, "{found}");
    let error = CustomLaw::quantile("shifted", |u| laplace(u) + 0.001).unwrap_err();
    assert!(matches!(error, InvalidSetting::Moment { moment: "mean", .. }), "{error}");
    let error = CustomLaw::sampled("unit interval", unit_interval).unwrap_err();
    assert!(matches!(error, InvalidSetting::Moment { moment: "mean", .. }), "{error}");
    let halves = [(1.0, 0.5), (-1.0, 0.4)];
    let error = CustomLaw::discrete("leaky", halves).unwrap_err();
    assert!(matches!(error, InvalidSetting::Moment { moment: "sum of probabilities", .. }));
}

fn unit_interval(generator: &mut dyn rand::Rng) -> f64 {
    Open01.sample(generator)
}

#[test]
fn what_is_no_law_is_refused() {
    let decreasing = CustomLaw::quantile("decreasing", |u| 12_f64.sqrt() * (0.5 - u));
    assert!(matches!(
        decreasing,
        Err(InvalidSetting::Law { problem: "the quantile function", .. })
    ));
    let not_a_number = CustomLaw::quantile("nan", |u| (u - 0.5) / (u - 0.5));
    assert!(matches!(
        not_a_number,
        Err(InvalidSetting::Law { problem: "the quantile function", .. })
    ));
    let cauchy = |g: &mut dyn rand::Rng| {
        let u: f64 = Open01.sample(g);
        (std::f64::consts::PI * (u - 0.5)).tan()
    };
    let heavy = CustomLaw::sampled("cauchy", cauchy);
    assert!(
        matches!(heavy, Err(InvalidSetting::Law { problem: "mean and variance", .. })),
        "{heavy:?}"
    );
    assert!(CustomLaw::sampled("infinite", |_| f64::INFINITY).is_err());
    assert!(CustomLaw::discrete("empty", []).is_err());
    assert!(CustomLaw::discrete("negative", [(1.0, -0.5), (-1.0, 1.5)]).is_err());
    assert!(CustomLaw::discrete("nan", [(f64::NAN, 1.0)]).is_err());
    let law = CustomLaw::quantile("laplace", laplace).unwrap();
    assert!(law.clone().with_kinks([0.5]).is_ok());
    assert!(law.with_kinks([1.0]).is_err());
}

#[test]
fn equal_values_are_merged_and_zero_is_not_counted() {
    let values = [(1.0, 0.25), (-1.0, 0.5), (1.0, 0.25), (7.0, 0.0)];
    let law = CustomLaw::discrete("signs", values).unwrap();
    assert_eq!(law.distinct_nonzero_values(), Some(2));
    assert_eq!(law, law.clone());
    assert_ne!(law, CustomLaw::discrete("signs", values).unwrap());
}
