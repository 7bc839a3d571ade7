//! `EXPLAIN` of what is planned here.

use std::sync::Arc;

use datafusion::common::format::{ExplainAnalyzeCategories, ExplainFormat};
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{
    Analyze, Explain, LogicalPlan, PlanType, StringifiedPlan, ToStringifiedPlan,
};
use datafusion::physical_plan::analyze::AnalyzeExec;
use datafusion::physical_plan::explain::ExplainExec;
use datafusion::physical_plan::{ExecutionPlan, displayable};

/// What stands above the operators, so that they are told from the optimizer's.
const TITLE: &str = "DirectPlan: made without the optimizer";

/// The two rows of `EXPLAIN`; `None` where the optimizer plans the statement, or more than those
/// rows are asked for.
pub(super) fn plan(
    state: &SessionState,
    explain: &Explain,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if explain.verbose || explain.explain_format != ExplainFormat::Indent {
        return Ok(None);
    }
    let Some(plan) = super::statement(state, &explain.plan)? else { return Ok(None) };
    let logical: LogicalPlan = state.optimize(&explain.plan)?;
    let steps = displayable(&*plan).indent(false).to_string();
    let steps = steps.trim_end().replace('\n', "\n  ");
    let rows = vec![
        logical.to_stringified(PlanType::FinalLogicalPlan),
        StringifiedPlan::new(PlanType::FinalPhysicalPlan, format!("{TITLE}\n  {steps}")),
    ];
    let schema = Arc::clone(explain.schema.inner());
    Ok(Some(Arc::new(ExplainExec::new(schema, rows, false))))
}

/// `EXPLAIN ANALYZE`, which runs the operators.
pub(super) fn analyze(
    state: &SessionState,
    analyze: &Analyze,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(plan) = super::statement(state, &analyze.input)? else { return Ok(None) };
    let explain = &state.config_options().explain;
    let level = analyze.analyze_level.unwrap_or(explain.analyze_level);
    let categories = analyze.analyze_categories.clone();
    let categories = match categories.unwrap_or_else(|| explain.analyze_categories.clone()) {
        ExplainAnalyzeCategories::All => None,
        ExplainAnalyzeCategories::Only(some) => Some(some),
    };
    let schema = Arc::clone(analyze.schema.inner());
    let analyzed = AnalyzeExec::builder(analyze.verbose, explain.show_statistics, plan, schema)
        .with_metric_types(level.included_types())
        .with_metric_categories(categories)
        .with_format(analyze.format.clone())
        .build();
    Ok(Some(Arc::new(analyzed)))
}
