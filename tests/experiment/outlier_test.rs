//! The default rule: outliers tested at the edge of W_0's white noise and of the predicted bulks.

use linear_width::data::{Link, Target};
use linear_width::experiment::{BulkLaw, ExperimentBuilder, Stage};
use linear_width::network::Initialisation;
use linear_width::spectral::OutlierRule;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::StepSize;

use crate::common::small_experiment;

fn small() -> ExperimentBuilder {
    let options = Options { bulk_model: BulkModel::Isotropic, ..Options::default() };
    small_experiment()
        .target(Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1))
        .width(60)
        .dimension(30)
        .samples(90)
        .steps([StepSize::scaled(2.0, 0.0); 2])
        .prediction_options(Options { compare_nodes: false, node_factor: 0.5, ..options })
}

fn stages(builder: ExperimentBuilder) -> Vec<Stage> {
    builder.build().unwrap().run().unwrap().stages
}

/// 200 networks: more outliers than are predicted in as many as the level allows.
#[test]
fn false_alarms_are_as_rare_as_the_level_says() {
    let runs = 200;
    let mut alarms = [0; 3];
    for seed in 0..runs {
        let initialisation =
            if seed % 2 == 0 { Initialisation::Sphere } else { Initialisation::Gaussian };
        for stage in stages(small().seed(seed).initialisation(initialisation)) {
            let predicted = stage.prediction.as_ref().map_or(0, |p| p.outliers.len());
            alarms[stage.step] += u64::from(stage.outliers.count > predicted);
        }
    }
    // three standard errors above 0.05; a rule that never finds anything would give none
    let most = 0.05 * runs as f64 + 3.0 * (0.0475 * runs as f64).sqrt();
    assert!(alarms.iter().all(|count| (*count as f64) < most), "{alarms:?}");
    assert!(alarms[0] > 0, "{alarms:?}");
}

#[test]
fn p_values_belong_to_the_outliers_and_the_next_value() {
    for stage in stages(small().steps([12.0, 20.0])) {
        let law = if stage.step == 0 { BulkLaw::White } else { BulkLaw::Predicted };
        assert_eq!(stage.bulk_law, Some(law));
        let outliers = &stage.outliers;
        assert_eq!(outliers.rule, OutlierRule::TracyWidom { level: 0.05 });
        assert_eq!(outliers.p_values.len(), outliers.count + 1);
        let (next, found) = outliers.p_values.split_last().unwrap();
        assert!(*next >= 0.05 && found.iter().all(|p| *p < 0.05), "{outliers:?}");
        assert!(stage.singular_values[outliers.count] <= outliers.threshold);
        let said = stage.to_string();
        assert!(said.contains("rule: Tracy-Widom") && said.contains("p = "), "{said}");
    }
}

/// A level that is given holds for W_0 and the predicted stages alike.
#[test]
fn another_level() {
    let threshold = |level: f64| {
        let stages = stages(small().outlier_rule(OutlierRule::TracyWidom { level }));
        assert_eq!(stages[1].bulk_law, Some(BulkLaw::Predicted));
        stages.iter().map(|stage| stage.outliers.threshold).collect::<Vec<_>>()
    };
    for (strict, lax) in threshold(0.001).into_iter().zip(threshold(0.2)) {
        assert!(strict > 1.01 * lax, "{strict} {lax}");
    }
}

/// Without prediction the gap rule tells the outliers of the later stages, and the report says so.
#[test]
fn no_prediction_is_said() {
    let report = small().with_prediction(false).build().unwrap().run().unwrap();
    assert_eq!(report.stages[0].bulk_law, Some(BulkLaw::White));
    for stage in &report.stages[1..] {
        assert_eq!(stage.bulk_law, None);
        assert!(matches!(stage.outliers.rule, OutlierRule::LargestGap { .. }), "{stage:?}");
        assert!(stage.outliers.p_values.is_empty());
    }
    let note = &report.notes[0];
    assert!(note.contains("W_1, W_2") && note.contains("without prediction"), "{note}");
    // nothing to say when a rule was chosen
    let rule = OutlierRule::MarchenkoPastur { margin: 0.1 };
    let chosen = small().with_prediction(false).outlier_rule(rule).build().unwrap().run().unwrap();
    assert!(chosen.notes.is_empty() && chosen.stages[0].bulk_law.is_none(), "{:?}", chosen.notes);
    // white noise is fitted where it was asked for and nothing is known
    let rule = OutlierRule::TracyWidom { level: 0.05 };
    let fitted = stages(small().with_prediction(false).outlier_rule(rule));
    assert_eq!(fitted[2].bulk_law, Some(BulkLaw::FittedWhite));
}
