//! A Rust program: the builder's methods, for what has not its default.

use std::collections::BTreeSet;
use std::fmt::Debug;

use linear_width::activation::Activation;
use linear_width::data::InputLaw;
use linear_width::experiment::Settings;
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::Options;
use linear_width::training::BatchPolicy;
use linear_width_runs::config::{ExperimentConfig, FunctionConfig, TargetConfig};

pub fn program(config: &ExperimentConfig) -> String {
    let mut uses = BTreeSet::from([
        "linear_width::Experiment".to_owned(),
        "linear_width::data::{Link, Target}".to_owned(),
    ]);
    let link = link(&config.target, &mut uses);
    let activation = function(&config.activation, &mut uses);
    let calls = calls(&config.settings, &mut uses);
    let noise = match config.target.noise {
        0.0 => String::new(),
        noise => format!(".noise({noise:?})"),
    };
    let directions = match &config.target.directions {
        None => String::new(),
        Some(rows) => {
            let shape = (rows.len(), rows.first().map_or(0, Vec::len));
            let values: Vec<&f64> = rows.iter().flatten().collect();
            uses.insert("ndarray::Array2".to_owned());
            format!(".directions(Array2::from_shape_vec({shape:?}, vec!{values:?})?)")
        }
    };
    let uses: String = uses.iter().map(|name| format!("use {name};\n")).collect();
    format!(
        "{uses}\nfn experiment() -> Result<Experiment, Box<dyn std::error::Error>> {{\n{link}    \
         let experiment = Experiment::builder()\n        .activation({activation})\n        \
         .target(Target::single_index(link){noise}{directions})\n{calls}        .build()?;\n    \
         Ok(experiment)\n}}\n\nfn main() -> Result<(), Box<dyn std::error::Error>> {{\n    \
         println!(\"{{}}\", experiment()?.run()?);\n    Ok(())\n}}\n"
    )
}

/// The lines that make the link, as [`TargetConfig::link`] does.
fn link(target: &TargetConfig, uses: &mut BTreeSet<String>) -> String {
    let written = function(&target.link, uses);
    let scale = target.argument_scale;
    let link = if scale == 1.0 {
        format!("    let link = Link::from_activation({written});\n")
    } else {
        let activation = target.link.activation();
        let name = format!("{} at {scale} z", activation.name());
        let kinks: Vec<f64> = activation.kinks().iter().map(|kink| kink / scale).collect();
        let kinks =
            if kinks.is_empty() { String::new() } else { format!(".with_kinks({kinks:?})") };
        uses.insert("linear_width::activation::Activation".to_owned());
        format!(
            "    let function = {written};\n    \
             let link = Link::new({name:?}, move |z| function.value({scale:?} * z)){kinks};\n"
        )
    };
    match &target.without[..] {
        [] => link,
        degrees => format!("{link}    let link = link.without(&{degrees:?})?;\n"),
    }
}

/// The type of a function with its parameters.
fn function(function: &FunctionConfig, uses: &mut BTreeSet<String>) -> String {
    let written = match function {
        FunctionConfig::Hermite(coefficients) => format!("HermiteSeries::new({coefficients:?})"),
        // the names and fields of the others are those of the types
        other => format!("{other:?}"),
    };
    let end = written.find(|c: char| !c.is_alphanumeric()).unwrap_or(written.len());
    uses.insert(format!("linear_width::activation::{}", &written[..end]));
    written
}

/// A value of an enumeration whose `Debug` is the name of the variant with its fields.
fn variant(path: &str, value: impl Debug, uses: &mut BTreeSet<String>) -> String {
    uses.insert(path.to_owned());
    let name = path.rsplit("::").next().unwrap_or(path);
    format!("{name}::{value:?}")
}

/// The calls of the builder.
fn calls(settings: &Settings, uses: &mut BTreeSet<String>) -> String {
    // a setting that is added later is missed here by the compiler
    let Settings {
        width,
        dimension,
        samples,
        seed,
        precision,
        centred,
        input_law,
        initialisation,
        second_layer,
        scaling,
        steps,
        batches,
        triplets,
        vectors,
        second_layer_powers,
        outlier_rule,
        spectrum_method,
        readout_samples,
        readout_lambdas,
        readout_test_samples,
        feature_samples,
        with_prediction,
        prediction_options,
        keep_weights,
        memory_limit,
        device,
    } = settings;
    let default = Settings::default();
    let mut text = format!(
        "        .width({width})\n        .dimension({dimension})\n        .samples({samples})\n"
    );
    let mut call = |name: &str, differs: bool, argument: &mut dyn FnMut() -> String| {
        if differs {
            text += &format!("        .{name}({})\n", argument());
        }
    };
    let size = |step: &linear_width::training::StepSize| {
        format!("StepSize::scaled({:?}, {:?})", step.constant, step.alpha)
    };
    let sizes: Vec<_> = steps.iter().map(size).collect();
    uses.insert("linear_width::training::StepSize".to_owned());
    call("steps", true, &mut || format!("[{}]", sizes.join(", ")));
    call("batches", *batches != BatchPolicy::Independent, &mut || {
        variant("linear_width::training::BatchPolicy", batches, uses)
    });
    call("second_layer", *second_layer != SecondLayerLaw::Gaussian, &mut || match second_layer {
        SecondLayerLaw::Fixed(b) => {
            uses.insert("linear_width::network::SecondLayerLaw".to_owned());
            format!("SecondLayerLaw::Fixed(vec!{:?}.into())", b.to_vec())
        }
        law => variant("linear_width::network::SecondLayerLaw", law, uses),
    });
    call("input_law", *input_law != InputLaw::Gaussian, &mut || {
        variant("linear_width::data::InputLaw", input_law, uses)
    });
    call("initialisation", *initialisation != default.initialisation, &mut || {
        variant("linear_width::network::Initialisation", initialisation, uses)
    });
    call("scaling", *scaling != default.scaling, &mut || {
        variant("linear_width::network::Scaling", scaling, uses)
    });
    call("precision", *precision != default.precision, &mut || {
        variant("linear_width::experiment::Precision", precision, uses)
    });
    call("seed", *seed != default.seed, &mut || seed.to_string());
    call("centred", *centred != default.centred, &mut || centred.to_string());
    call("triplets", triplets.is_some(), &mut || shown(triplets));
    call("vectors", *vectors != default.vectors, &mut || vectors.to_string());
    call("second_layer_powers", *second_layer_powers != default.second_layer_powers, &mut || {
        second_layer_powers.to_string()
    });
    call("outlier_rule", outlier_rule.is_some(), &mut || {
        outlier_rule.map_or(String::new(), |rule| {
            variant("linear_width::spectral::OutlierRule", rule, uses)
        })
    });
    call("spectrum_method", *spectrum_method != default.spectrum_method, &mut || {
        variant("linear_width::spectral::SpectrumMethod", spectrum_method, uses)
    });
    call("readout_samples", !readout_samples.is_empty(), &mut || format!("{readout_samples:?}"));
    call("readout_lambdas", *readout_lambdas != default.readout_lambdas, &mut || {
        format!("{readout_lambdas:?}")
    });
    call(
        "readout_test_samples",
        *readout_test_samples != default.readout_test_samples,
        &mut || readout_test_samples.to_string(),
    );
    call("feature_samples", feature_samples.is_some(), &mut || shown(feature_samples));
    call("with_prediction", !with_prediction, &mut || with_prediction.to_string());
    call("prediction_options", prediction_options.is_some(), &mut || {
        prediction_options.map_or(String::new(), |options| self::options(&options, uses))
    });
    call("keep_weights", *keep_weights, &mut || keep_weights.to_string());
    call("memory_limit", memory_limit.is_some(), &mut || shown(memory_limit));
    call("device", *device != default.device, &mut || {
        uses.insert("linear_width::experiment::Device".to_owned());
        format!("Device::{device:?}")
    });
    text
}

/// The number that is there; the builder takes it without `Some`.
fn shown(number: &Option<usize>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}

/// The options with the fields that differ from the default.
fn options(options: &Options, uses: &mut BTreeSet<String>) -> String {
    let Options {
        bulk_model,
        target_column,
        linear_terms,
        right_vectors,
        tolerance,
        compare_nodes,
        node_factor,
    } = *options;
    let default = Options::default();
    uses.insert("linear_width::theory::prediction::Options".to_owned());
    let mut fields = Vec::new();
    if bulk_model != default.bulk_model {
        let model = variant("linear_width::theory::prediction::BulkModel", bulk_model, uses);
        fields.push(format!("bulk_model: {model}"));
    }
    let mut field = |name: &str, differs: bool, value: &dyn Debug| {
        if differs {
            fields.push(format!("{name}: {value:?}"));
        }
    };
    field("target_column", target_column != default.target_column, &target_column);
    field("linear_terms", linear_terms != default.linear_terms, &linear_terms);
    field("right_vectors", right_vectors != default.right_vectors, &right_vectors);
    field("tolerance", tolerance != default.tolerance, &tolerance);
    field("compare_nodes", compare_nodes != default.compare_nodes, &compare_nodes);
    field("node_factor", node_factor != default.node_factor, &node_factor);
    let fields: String = fields.iter().map(|field| format!("{field}, ")).collect();
    format!("Options {{ {fields}..Options::default() }}")
}
