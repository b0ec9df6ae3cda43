//! What a user sees of an error that leaves `main`: its text, not its fields.

use std::error::Error;

use linear_width::activation::{Activation, FnActivation, Tanh};
use linear_width::data::{Dataset, Link, Target};
use linear_width::readout::{LinearFeatures, Ridge};
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::{Histogram, OutlierRule, leading_triplets, singular_values};
use linear_width::theory::OutlierCount;
use linear_width::{Experiment, quadrature};
use ndarray::{Array1, Array2, array};

/// As the standard library prints what `main` returns.
fn printed(result: Result<(), Box<dyn Error>>) -> String {
    format!("Error: {:?}", result.unwrap_err())
}

#[test]
fn builder_errors_list_all_wrong_settings() {
    let builder = || {
        let target = Target::single_index(Link::hermite([0.0, 1.0])).noise(-0.1);
        Experiment::builder().width(50).dimension(30).activation(Tanh::default()).target(target)
    };
    let program = || {
        builder().steps([linear_width::training::StepSize::scaled(1.0, 0.5)]).build()?.run()?;
        Ok(())
    };
    assert_eq!(
        printed(program()),
        "Error: 3 settings are wrong:\n\
         - samples was not given; it has no default\n\
         - alpha of step 1 is 0.5; it must lie in [0, 0.5)\n\
         - target.noise is -0.1; it must be a finite number, 0 or more"
    );
    // one by itself
    let program = || {
        builder().samples(100).steps([1.0]).build()?;
        Ok(())
    };
    assert_eq!(
        printed(program()),
        "Error: target.noise is -0.1; it must be a finite number, 0 or more"
    );
}

/// One of each type that reaches `main`.
#[test]
fn errors_print_their_sentence() {
    let steep = FnActivation::from_formula("1/z", |z| z.recip());
    let builder = || {
        let target = Target::single_index(Link::hermite([0.0, 1.0]));
        Experiment::builder().width(20).dimension(10).samples(30).target(target).steps([1.0; 3])
    };
    let three = builder().activation(Tanh::default()).build().unwrap();
    let given = Dataset::new(array![[1.0]], array![f64::NAN]).map(drop);
    let flat = LinearFeatures::new(2).unwrap();
    let batch =
        linear_width::data::Dataset::new(Array2::<f64>::zeros((3, 2)), Array1::<f64>::zeros(3));
    let singular = Ridge::new().fit(&flat, &batch.unwrap()).and_then(|path| path.least_squares());
    let diverging =
        builder().activation(FnActivation::from_formula("z^9", |z| z.powi(9))).steps([1e30; 3]);
    let nan = Array2::from_elem((3, 3), f64::NAN);
    fn boxed<T>(result: Result<T, impl Error + 'static>) -> Box<dyn Error> {
        result.err().expect("an error").into()
    }
    let errors: Vec<Box<dyn Error>> = vec![
        boxed(given),
        boxed(Histogram::new([0.5], 0, 0.0, 1.0)),
        boxed(builder().activation(steep.clone()).build()),
        boxed(three.predict(4, &Default::default())),
        boxed(singular_values(nan.view())),
        boxed(leading_triplets(Array2::<f64>::ones((3, 3)).view(), 9)),
        boxed(OutlierRule::AboveEdge { edge: -1.0, margin: 0.1 }.apply(&[1.0], 2, 2)),
        boxed(singular),
        boxed(quadrature::gaussian_expectation(|z| 1.0 / z, &[], 1e-10)),
        boxed(steep.hermite_coefficients(3)),
        boxed(MarchenkoPastur::new(-1.0)),
        boxed(OutlierCount::new(0.7, 0.3)),
        boxed(diverging.build().unwrap().run()),
    ];
    for error in errors {
        let (debug, display) = (format!("{error:?}"), error.to_string());
        assert_eq!(debug, display);
        // no fields, no quotes, but words
        assert!(!debug.contains(" { ") && debug.contains(' '), "{debug}");
    }
}
