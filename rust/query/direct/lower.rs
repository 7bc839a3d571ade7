//! Steps of a logical plan to operators, one for one.

use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::common::DFSchemaRef;
use datafusion::common::tree_node::TreeNode;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::expr::physical_name;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    Distinct, Expr, FetchType, Filter, Limit, LogicalPlan, Projection, SkipType, Sort, SortExpr,
};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::{
    LexOrdering, PhysicalExpr, PhysicalSortExpr, create_physical_expr,
};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::columns::{Names, all_plain, is_plain, names, names_of_order, names_of_schema};
use super::scan::Source;

/// An operator, and the schema that expressions over its rows are written in.
pub(super) struct Lowered {
    pub(super) operator: Arc<dyn ExecutionPlan>,
    pub(super) schema: DFSchemaRef,
}

/// Makes the operators of one statement.
pub(super) struct Lowering<'s> {
    pub(super) state: &'s SessionState,
}

impl<'s> Lowering<'s> {
    pub(super) fn new(state: &'s SessionState) -> Self {
        Self { state }
    }

    /// The operators of a whole statement; `None` where one of its steps is unknown here.
    pub(super) fn plan(&self, plan: &LogicalPlan) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let lowered = self.step(plan, &names_of_schema(plan.schema()))?;
        Ok(lowered.map(|lowered| lowered.operator))
    }

    /// The operator of a step of whose columns those in `read` are needed.
    pub(super) fn step(&self, plan: &LogicalPlan, read: &Names) -> Result<Option<Lowered>> {
        match plan {
            LogicalPlan::Projection(projection) => self.projection(projection),
            LogicalPlan::Sort(sort) => self.sort(sort, read, sort.fetch),
            LogicalPlan::Limit(limit) => self.limit(limit, read),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input),
            LogicalPlan::Distinct(Distinct::On(distinct)) => self.distinct_on(distinct),
            _ => match Source::of(plan) {
                Some(source) => self.source(&source, read),
                None => self.filter(plan, read),
            },
        }
    }

    /// `few` rows in place of those of `plan`, where there are such.
    pub(super) fn few_or_all(
        &self,
        few: Option<Lowered>,
        plan: &LogicalPlan,
        read: &Names,
    ) -> Result<Option<Lowered>> {
        match few {
            Some(few) => Ok(Some(few)),
            None => self.step(plan, read),
        }
    }

    fn projection(&self, projection: &Projection) -> Result<Option<Lowered>> {
        if !all_plain(&projection.expr)? {
            return Ok(None);
        }
        let Some(input) = self.step(&projection.input, &names(&projection.expr))? else {
            return Ok(None);
        };
        self.columns(&projection.expr, input, &projection.schema).map(Some)
    }

    /// `expressions` over the rows of `input`, as the columns of `schema`.
    pub(super) fn columns(
        &self,
        expressions: &[Expr],
        input: Lowered,
        schema: &DFSchemaRef,
    ) -> Result<Lowered> {
        let column = |expression: &Expr| self.output_column(expression, &input);
        let columns = expressions.iter().map(column).collect::<Result<Vec<_>>>()?;
        let rows = input.operator;
        let operator =
            ProjectionExec::try_new_with_schema_metadata(columns, rows, schema.as_arrow())?;
        Ok(Lowered { operator: Arc::new(operator), schema: Arc::clone(schema) })
    }

    /// A column of an answer, named as the planner of DataFusion does.
    fn output_column(&self, expression: &Expr, input: &Lowered) -> Result<ProjectionExpr> {
        let place = match expression {
            Expr::Column(column) => input.schema.maybe_index_of_column(column),
            _ => None,
        };
        let alias = match place {
            Some(place) => input.operator.schema().field(place).name().clone(),
            None => physical_name(expression)?,
        };
        Ok(ProjectionExpr { expr: self.expression(expression.clone(), &input.schema)?, alias })
    }

    fn sort(&self, sort: &Sort, read: &Names, fetch: Option<usize>) -> Result<Option<Lowered>> {
        let mut needed = names_of_order(&sort.expr);
        if !all_plain(sort.expr.iter().map(|one| &one.expr))? {
            return Ok(None);
        }
        // The newest rows of many are found sooner by the optimizer, whose sort tells the scan.
        if fetch.is_some() && !makes_groups(&sort.input) {
            return Ok(None);
        }
        needed.extend(read.iter().cloned());
        let Some(input) = self.step(&sort.input, &needed)? else { return Ok(None) };
        self.in_order(&sort.expr, input, fetch)
    }

    /// The rows of `input`, sorted; of those, the first `fetch`.
    pub(super) fn in_order(
        &self,
        order: &[SortExpr],
        input: Lowered,
        fetch: Option<usize>,
    ) -> Result<Option<Lowered>> {
        let by = |one: &SortExpr| {
            let options = SortOptions::new(!one.asc, one.nulls_first);
            let expression = self.expression(one.expr.clone(), &input.schema)?;
            Ok(PhysicalSortExpr::new(expression, options))
        };
        let order = order.iter().map(by).collect::<Result<Vec<_>>>()?;
        let Some(order) = LexOrdering::new(order) else { return Ok(Some(input)) };
        Ok(Some(Lowered { operator: sorted(order, input.operator, fetch), ..input }))
    }

    fn limit(&self, limit: &Limit, read: &Names) -> Result<Option<Lowered>> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) =
            (limit.get_skip_type()?, limit.get_fetch_type()?)
        else {
            return Ok(None);
        };
        let most = fetch.map(|fetch| fetch.saturating_add(skip));
        let input = match &*limit.input {
            LogicalPlan::Sort(sort) => self.sort(sort, read, most)?,
            // A projection above a sort: of the columns that only the order needs, nothing is left.
            other if makes_groups(other) => self.step(other, read)?,
            _ => None,
        };
        let one = |input: &Lowered| input.operator.output_partitioning().partition_count() == 1;
        Ok(input.filter(one).map(|input| Lowered {
            operator: Arc::new(GlobalLimitExec::new(input.operator, skip, fetch)),
            ..input
        }))
    }

    /// A condition on groups.
    fn filter(&self, plan: &LogicalPlan, read: &Names) -> Result<Option<Lowered>> {
        let LogicalPlan::Filter(filter) = plan else { return Ok(None) };
        if !is_plain(&filter.predicate)? || !makes_groups(&filter.input) {
            return Ok(None);
        }
        let Some(input) = self.step(&filter.input, read)? else { return Ok(None) };
        let condition = self.expression(filter.predicate.clone(), &input.schema)?;
        let operator = FilterExec::try_new(condition, input.operator)?;
        Ok(Some(Lowered { operator: Arc::new(operator), ..input }))
    }

    /// An expression over the rows of an operator, its constants folded.
    pub(super) fn expression(
        &self,
        expression: Expr,
        schema: &DFSchemaRef,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let folded = self.folded(expression, schema)?;
        let context = PhysicalPlanningContext::default();
        create_physical_expr(&folded, schema, self.state.execution_props(), &context)
    }

    /// An expression with its types made to fit and its constants folded, `now()` among them.
    pub(super) fn folded(&self, expression: Expr, schema: &DFSchemaRef) -> Result<Expr> {
        if matches!(expression, Expr::Column(_) | Expr::Literal(..)) {
            return Ok(expression);
        }
        let context = SimplifyContext::builder()
            .with_schema(Arc::clone(schema))
            .with_config_options(Arc::clone(self.state.config_options()))
            .with_query_execution_start_time(
                self.state.execution_props().query_execution_start_time,
            )
            .build();
        let simplifier = ExprSimplifier::new(context);
        let mut expression = simplifier.coerce(expression, schema)?;
        for rewrite in self.state.analyzer().function_rewrites() {
            let options = self.state.config_options();
            let rewritten = |part| rewrite.rewrite(part, schema, options);
            expression = expression.transform_up(rewritten)?.data;
        }
        simplifier.simplify(expression)
    }
}

/// Whether the rows of a plan are groups of the rows of its table, which are few.
fn makes_groups(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => true,
        LogicalPlan::Projection(Projection { input, .. })
        | LogicalPlan::Sort(Sort { input, .. })
        | LogicalPlan::Filter(Filter { input, .. }) => makes_groups(input),
        _ => false,
    }
}

fn sorted(
    order: LexOrdering,
    input: Arc<dyn ExecutionPlan>,
    fetch: Option<usize>,
) -> Arc<dyn ExecutionPlan> {
    if input.output_partitioning().partition_count() == 1 {
        return Arc::new(SortExec::new(order, input).with_fetch(fetch));
    }
    let each = SortExec::new(order.clone(), input).with_preserve_partitioning(true);
    let each = Arc::new(each.with_fetch(fetch));
    Arc::new(SortPreservingMergeExec::new(order, each).with_fetch(fetch))
}
