import { compilePipeline, type Pipeline } from '../aggregate/pipeline.ts';
import { encodeRaw, type Reply } from '../bson/encode.ts';
import { type Doc, isDoc, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { compileFilter } from '../query/match.ts';
import { parseSort } from '../query/sort.ts';
import { checkCollation } from '../store/index-spec.ts';
import { type Query, runQuery } from '../store/run.ts';
import { findCollection } from '../store/store.ts';
import { type Context, collectionName, docField } from './context.ts';
import { arrayField, checkHint, cursorBatch } from './forms.ts';

export function aggregate(context: Context): Reply {
  const { command, database, store } = context;
  if (typeof command.get('aggregate') !== 'string') throw unsupported('aggregate on a whole database');
  const name = collectionName(context);
  const collation = command.get('collation');
  if (collation !== undefined) checkCollation(collation);
  const cursor = command.get('cursor');
  if (cursor === undefined)
    throw new Fault(9, `The 'cursor' option is required, except for aggregate with the explain argument`);
  const batchSize = cursorBatch('aggregate', command);
  checkHint(command.get('hint'));
  const { query, rest } = pipelineQuery(context);
  if (command.has('writeConcern')) throw new Fault(72, 'Command aggregate does not support writeConcern');
  const docs: string[] = [];
  const found = runQuery(findCollection(store, database, name), query);
  if (rest.isEmpty) for (const { raw } of found) docs.push(raw);
  else for (const doc of rest.run(docsOf(found))) docs.push(encodeRaw(doc));
  return context.cursors.open(`${database}.${name}`, docs, { batchSize });
}

function* docsOf(found: Iterable<{ doc: Doc }>): Generator<Doc> {
  for (const { doc } of found) yield doc;
}

/** The stages at the front that an index can serve, as a query, and the pipeline of the others. */
export function pipelineQuery(context: Context): { query: Query; rest: Pipeline } {
  const { command } = context;
  const stages = arrayField(command, 'aggregate', 'pipeline').map(stageOf);
  const whole = compilePipeline(stages);
  let taken = 0;
  let filter: Doc = new Map();
  if (stages[taken]?.[0] === '$match') {
    filter = docField(stages[taken]?.[1], '$match');
    taken += 1;
  }
  const sort = stages[taken]?.[0] === '$sort' ? parseSort(stages[taken]?.[1]) : [];
  if (sort.length > 0) taken += 1;
  const query: Query = {
    filter,
    matcher: compileFilter(filter),
    sort,
    hint: command.get('hint'),
    skip: 0,
    limit: 0,
    deadline: context.deadline,
  };
  return { query, rest: taken === 0 ? whole : compilePipeline(stages.slice(taken)) };
}

function stageOf(stage: Value): [string, Value] {
  if (!isDoc(stage)) throw new Fault(14, `Each element of the 'pipeline' array must be an object`);
  const [entry] = stage;
  if (!entry || stage.size !== 1)
    throw new Fault(40323, 'A pipeline stage specification object must contain exactly one field.');
  return entry;
}
