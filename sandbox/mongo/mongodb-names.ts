import { Fault, unsupported } from './errors.ts';

/**
 * What MongoDB 7.0 (and 8.0, for what its clients send) has beside the supported subset: these names are refused with
 * code 115. Every other name is one that MongoDB does not know either, and gets MongoDB's own error.
 */
function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

const EXPRESSIONS = words(`
  $abs $accumulator $acos $acosh $allElementsTrue $anyElementTrue $arrayToObject $asin $asinh $atan $atan2 $atanh $avg
  $binarySize $bitAnd $bitNot $bitOr $bitXor $bottom $bottomN $bsonSize $ceil $concatArrays $const $convert $cos $cosh
  $covariancePop $covarianceSamp $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts
  $dateToString $dateTrunc $dayOfMonth $dayOfWeek $dayOfYear $degreesToRadians $exp $filter $first $firstN $floor
  $function $getField $hour $indexOfArray $indexOfBytes $indexOfCP $isArray $isNumber $isoDayOfWeek $isoWeek
  $isoWeekYear $last $lastN $let $ln $log $log10 $ltrim $map $max $maxN $median $mergeObjects $meta $millisecond $min
  $minN $minute $mod $month $objectToArray $percentile $pow $radiansToDegrees $rand $range $reduce $regexFind
  $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim $sampleRate $second $setDifference
  $setEquals $setField $setIntersection $setIsSubset $setUnion $shift $sin $sinh $slice $sortArray $split $sqrt
  $stdDevPop $stdDevSamp $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $sum $switch $tan $tanh
  $toBool $toDate $toDecimal $toDouble $toHashedIndexKey $toInt $toLong $toLower $toObjectId $toUpper $top $topN $trim
  $trunc $tsIncrement $tsSecond $type $unsetField $week $year $zip
`);

const MONGODB_NAMES: Readonly<Record<string, readonly string[]>> = {
  commands: words(`
    abortReshardCollection addShard addShardToZone balancerCollectionStatus balancerStart balancerStatus balancerStop
    commitReshardCollection configureCollectionBalancing mergeChunks removeShardFromZone updateZoneKeyRange
    abortTransaction aggregate applyOps authenticate autoCompact bulkWrite captrunc checkMetadataConsistency
    cleanupOrphaned clearJumboChunk clone cloneCollectionAsCapped collMod collStats commitTransaction compact connPoolStats
    connPoolSync convertToCapped copydb copydbgetnonce coordinateCommitTransaction createRole createSearchIndexes
    createUser currentOp dataSize dbHash dbStats dbstats collstats distinct driverOIDTest dropAllRolesFromDatabase
    dropAllUsersFromDatabase dropConnections dropRole dropSearchIndex dropUser emptycapped enableSharding endSessions
    explain features filemd5 findandmodify flushRouterConfig forceerror fsync fsyncUnlock geoNear geoSearch getAuditConfig
    getClusterParameter getDefaultRWConcern getDiagnosticData getLog getMore getShardMap
    getShardVersion getLastError getlasterror getnonce godinsert grantPrivilegesToRole grantRolesToRole grantRolesToUser
    group handshake hostInfo internalRenameIfOptionsAndIndexesMatch invalidateUserCache isSelf
    killAllSessionsByPattern killOp killSessions listCommands listSearchIndexes listShards lockInfo logApplicationMessage
    logRotate logout makeSnapshot mapReduce mapreduce moveChunk moveCollection movePrimary netstat parallelCollectionScan planCacheClear
    planCacheClearFilters planCacheListFilters planCacheSetFilter profile reIndex refineCollectionShardKey refreshSessions removeShard renameCollection repairDatabase
    replSetAbortPrimaryCatchUp replSetFreeze replSetGetConfig replSetGetStatus replSetInitiate replSetMaintenance
    replSetReconfig replSetResizeOplog replSetStepDown replSetSyncFrom reshardCollection revokePrivilegesFromRole
    revokeRolesFromRole revokeRolesFromUser rolesInfo rotateCertificates serverStatus setAuditConfig setClusterParameter
    setDefaultRWConcern setFeatureCompatibilityVersion setIndexCommitQuorum setParameter setQuerySettings shardCollection
    shardConnPoolStats shardingState shutdown sleep split splitVector startSession top transitionFromDedicatedConfigServer
    unshardCollection updateRole updateSearchIndex updateUser usersInfo validate validateDBMetadata waitForFailPoint
    whatsmyuri configureFailPoint _isSelf
  `),
  /** Of any command: an option that another command has is not told from one that nobody has but by this list. */
  options: words(`
    allowPartialResults arrayFilters autoIndexId awaitData batchSize bypassDocumentValidation capped
    changeStreamPreAndPostImages clusteredIndex collation collectionUUID commitQuorum databaseVersion delta
    encryptedFields encryptionInformation exchange expireAfterSeconds explain fields flags force fromMongos hint idIndex
    ignoreUnknownIndexOptions includeDataCollections includeLastKnown includeBuildUUIDs includeIndexBuildInfo
    indexOptionDefaults isMapReduceCommand isTimeseriesNamespace let limit
    lsid max maxAwaitTimeMS maxTimeMSOpOnly maxTimeMS mayBypassWriteBlocking min mixedSchema needsMerge new noCursorTimeout
    oplogReplay ordered partial pipeline readOnce remove requestReshardingResumeToken requestResumeToken returnKey
    resumeAfter runtimeConstants sampleId sampleRate shardVersion showRecordId singleBatch size skip snapshot sort
    startAt stmtId stmtIds storageEngine tailable temp term timeseries truncate upsert validationAction validationLevel
    validator viewOn $clusterTime $client $configServerState $configTime $topologyTime $audit $maxTimeMS $orderby $query
    $hint $snapshot $tenant $traceCtx coordinator help impersonatedUsers readPreference
    recoveryToken speculativeAuthenticate internalClient comment writeConcern readConcern
  `),
  genericFields: [],
  updateEntry: words('c sort sampleId upsertSupplied allowShardKeyUpdatesWithoutFullShardKeyInQuery'),
  deleteEntry: words('sampleId'),
  indexOptions: words(`
    2dsphereIndexVersion bits max min bucketSize default_language language_override textIndexVersion weights
    wildcardProjection storageEngine prepareUnique dropDups clustered columnstoreProjection finestIndexedLevel
    coarsestIndexedLevel originalSpec disallowNewDuplicateKeys
  `),
  queryLogic: words('$expr $where $text $jsonSchema $sampleRate $alwaysTrue $alwaysFalse $rand'),
  queryOperators: words(`
    $geoIntersects $geoWithin $near $nearSphere $geoNear $within $maxDistance $minDistance $uniqueDocs $bitsAllClear
    $bitsAllSet $bitsAnyClear $bitsAnySet $encryptedBetween
  `),
  updateOperators: words('$bit $v'),
  pushModifiers: [],
  /** With those that are supported in pipelines. */
  projectionOperators: [
    ...EXPRESSIONS,
    ...words('$literal $eq $ne $gt $gte $lt $lte $cmp $and $or $not $cond $ifNull $add $subtract $multiply $divide'),
    ...words('$concat $size $in $arrayElemAt $toString'),
  ],
  stages: words(`
    $backupCursor $backupCursorExtend $bucket $bucketAuto $changeStream $changeStreamSplitLargeEvent $collStats $currentOp
    $densify $documents $facet $fill $geoNear $graphLookup $indexStats $listLocalSessions $listSampledQueries
    $listSearchIndexes $listSessions $listClusterCatalog $lookup $merge $mergeCursors $operationMetrics $out
    $planCacheStats $queryStats $querySettings $redact $sample $search $searchMeta $setVariableFromSubPipeline
    $setWindowFields $shardedDataDistribution $sharedDataDistribution $sortByCount $unionWith $vectorSearch $rankFusion
    $scoreFusion $score
  `),
  accumulators: words(`
    $accumulator $bottom $bottomN $concatArrays $covariancePop $covarianceSamp $denseRank $derivative
    $documentNumber $expMovingAvg $firstN $integral $lastN $linearFill $locf $maxN $median $mergeObjects $minN
    $percentile $rank $setUnion $shift $stdDevPop $stdDevSamp $top $topN
  `),
  expressions: EXPRESSIONS,
};

/** What MongoDB answers to a name that it does not know. */
const MISTAKES: Readonly<Record<string, (name: string) => Fault>> = {
  commands: (name) => new Fault(59, `no such command: '${name}'`),
  options: (name) => new Fault(40415, `BSON field '${name}' is an unknown field.`),
  updateEntry: (name) => new Fault(40415, `BSON field 'update.updates.${name}' is an unknown field.`),
  deleteEntry: (name) => new Fault(40415, `BSON field 'delete.deletes.${name}' is an unknown field.`),
  indexOptions: (name) => new Fault(197, `The field '${name}' is not valid for an index specification`),
  queryLogic: (name) => new Fault(2, `unknown top level operator: ${name}`),
  queryOperators: (name) => new Fault(2, `unknown operator: ${name}`),
  updateOperators: (name) => new Fault(9, `Unknown modifier: ${name}. Expected a valid update modifier`),
  pushModifiers: (name) => new Fault(2, `Unrecognized clause in $push: ${name}`),
  projectionOperators: (name) => new Fault(31325, `Unknown expression ${name}`),
  stages: (name) => new Fault(40324, `Unrecognized pipeline stage name: '${name}'`),
  accumulators: (name) => new Fault(15952, `unknown group operator '${name}'`),
  expressions: (name) => new Fault(168, `Unrecognized expression '${name}'`),
};

/** MongoDB's own parts: its servers say these to each other. */
const INTERNAL = /^(?:\$_|_shardsvr|_configsvr|_flush|_merge|_migrate|_recv|_transfer|_clone|_get)/;

const lookups = new Map<string, ReadonlySet<string>>();

/** The error for a name outside the subset: 115 that names `thing` if MongoDB has it, else MongoDB's own. */
export function refusalOf(list: string, name: string, thing: string): Fault {
  const known = lookups.get(list) ?? new Set(MONGODB_NAMES[list]);
  lookups.set(list, known);
  const mistake = MISTAKES[list];
  return known.has(name) || INTERNAL.test(name) || !mistake ? unsupported(thing) : mistake(name);
}
