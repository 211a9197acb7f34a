import type { Reply } from '../bson/encode.ts';
import { type Doc, docOf, int, isDoc } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { type Collection, namespaceOf } from '../store/collection.ts';
import { makePlan, type Plan } from '../store/plan.ts';
import { type Query, type RunStats, runQuery } from '../store/run.ts';
import { findCollection } from '../store/store.ts';
import { checkCommandFields, isCommand } from '../supported.ts';
import { pipelineQuery } from './aggregate.ts';
import { type Context, collectionName, docField, wholeField } from './context.ts';
import { parseEntryQuery } from './modify.ts';
import { parseQuery } from './read.ts';
import { checkStrict } from './stable-api.ts';

/** The plan that the command would really use. With execution statistics its query is run too; nothing is changed. */
export function explain(context: Context): Reply {
  const command = docField(context.command.get('explain'), 'explain');
  const name = command.keys().next().value ?? '';
  if (!isCommand(name)) throw unsupported(`explain of ${name}`);
  checkCommandFields(name, command.keys());
  if (context.command.get('apiStrict') === true) checkStrict(name, command);
  const verbosity = context.command.get('verbosity') ?? 'allPlansExecution';
  if (!['queryPlanner', 'executionStats', 'allPlansExecution'].includes(String(verbosity)))
    throw new Fault(9, 'verbosity string must be one of {queryPlanner, executionStats, allPlansExecution}');
  const inner: Context = { ...context, command };
  const query = queryOf(inner, name);
  const collection = findCollection(context.store, context.database, collectionName(inner));
  const plan: Plan = collection
    ? makePlan(collection, query.filter, query.sort, query.hint)
    : { kind: 'COLLSCAN', cost: 0 };
  const namespace = collection ? namespaceOf(collection) : `${context.database}.${collectionName(inner)}`;
  return {
    explainVersion: '1',
    queryPlanner: docOf({
      namespace,
      parsedQuery: query.filter,
      winningPlan: collection ? withSort(plan, query) : docOf({ stage: 'EOF' }),
      rejectedPlans: [],
    }),
    executionStats: verbosity === 'queryPlanner' ? undefined : executionStats(collection, query),
    command,
    serverInfo: docOf({ host: context.address, version: '7.0.0' }),
  };
}

function executionStats(collection: Collection | undefined, query: Query): Doc {
  const stats: RunStats = { keysExamined: 0, docsExamined: 0 };
  const startedAt = performance.now();
  let nReturned = 0;
  for (const _found of runQuery(collection, { ...query, stats })) nReturned += 1;
  return docOf({
    executionSuccess: true,
    nReturned: int(nReturned),
    executionTimeMillis: int(Math.round(performance.now() - startedAt)),
    totalKeysExamined: int(stats.keysExamined),
    totalDocsExamined: int(stats.docsExamined),
  });
}

function queryOf(context: Context, name: string): Query {
  const { command } = context;
  switch (name) {
    case 'find':
      return { ...parseQuery(context, 'filter', command.get('filter')), limit: wholeField(command, 'limit', 0) };
    case 'count':
    case 'distinct':
    case 'findAndModify':
      return parseQuery(context, 'query', command.get('query') ?? undefined);
    case 'update':
    case 'delete': {
      const [entry, ...more] = listOf(command, name === 'update' ? 'updates' : 'deletes');
      if (!entry || more.length > 0) throw new Fault(72, 'explained write batches must be of size 1');
      return parseEntryQuery(context, entry);
    }
    case 'aggregate':
      return pipelineQuery(context).query;
    default:
      throw unsupported(`explain of ${name}`);
  }
}

function listOf(command: Doc, name: string): Doc[] {
  const list = command.get(name);
  return Array.isArray(list) ? list.filter(isDoc) : [];
}

function withSort(plan: Plan, query: Query): Doc {
  const fetched = shown(plan);
  const isSorted = query.sort.length === 0 || (plan.kind === 'IXSCAN' && plan.isSorted);
  if (isSorted) return fetched;
  const sortPattern: Doc = new Map(query.sort.map((part) => [part.name, int(part.descending ? -1 : 1)]));
  return docOf({ stage: 'SORT', sortPattern, inputStage: fetched });
}

function shown(plan: Plan): Doc {
  if (plan.kind === 'COLLSCAN') return docOf({ stage: 'COLLSCAN', direction: 'forward' });
  if (plan.kind === 'OR') {
    return docOf({ stage: 'FETCH', inputStage: docOf({ stage: 'OR', inputStages: plan.branches.map(indexScans) }) });
  }
  return docOf({ stage: 'FETCH', inputStage: indexScans(plan) });
}

function indexScans(plan: Plan): Doc {
  if (plan.kind === 'COLLSCAN') return docOf({ stage: 'COLLSCAN', direction: 'forward' });
  if (plan.kind === 'OR') return docOf({ stage: 'OR', inputStages: plan.branches.map(indexScans) });
  const { spec, multikey } = plan.index;
  return docOf({
    stage: 'IXSCAN',
    keyPattern: spec.keyPattern,
    indexName: spec.name,
    isMultiKey: multikey.includes(true),
    isUnique: spec.unique,
    isSparse: spec.sparse,
    isPartial: spec.partialFilter !== undefined,
    direction: plan.reverse ? 'backward' : 'forward',
    intervals: int(plan.intervals.length),
    keysToExamine: int(plan.cost),
  });
}
