/**
 * MongoDB's names, from its manual: every command, option, operator, stage, accumulator and expression. What of them
 * is not on the supported list has to be refused.
 */
function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

export const MANUAL = {
  commands: words(`
    aggregate count distinct mapReduce geoSearch delete find findAndModify getLastError getMore insert update
    planCacheClear planCacheClearFilters planCacheListFilters planCacheSetFilter authenticate getnonce logout createUser
    dropAllUsersFromDatabase dropUser grantRolesToUser revokeRolesFromUser updateUser usersInfo createRole dropRole
    dropAllRolesFromDatabase grantPrivilegesToRole grantRolesToRole invalidateUserCache revokePrivilegesFromRole
    revokeRolesFromRole rolesInfo updateRole applyOps replSetAbortPrimaryCatchUp replSetFreeze replSetGetConfig
    replSetGetStatus replSetInitiate replSetMaintenance replSetReconfig replSetResizeOplog replSetStepDown
    replSetSyncFrom abortReshardCollection addShard balancerStart cleanupOrphaned enableSharding flushRouterConfig
    getShardMap listShards moveChunk movePrimary removeShard reshardCollection shardCollection split
    abortTransaction commitTransaction endSessions killAllSessionsByPattern killSessions refreshSessions startSession
    cloneCollectionAsCapped collMod compact convertToCapped create createIndexes currentOp drop dropConnections
    dropDatabase dropIndexes fsync fsyncUnlock getAuditConfig getClusterParameter getDefaultRWConcern getParameter
    killCursors killOp listCollections listDatabases listIndexes logRotate reIndex renameCollection rotateCertificates
    setFeatureCompatibilityVersion setIndexCommitQuorum setClusterParameter setParameter setDefaultRWConcern shutdown
    buildInfo collStats connPoolStats connectionStatus dataSize dbHash dbStats explain features getLog hostInfo
    listCommands lockInfo ping profile serverStatus top validate whatsmyuri createSearchIndexes dropSearchIndex
    updateSearchIndex listSearchIndexes bulkWrite sleep
  `),
  topLevel: words('$expr $jsonSchema $text $where $sampleRate $and $or $nor $comment'),
  query: words(`
    $eq $gt $gte $in $lt $lte $ne $nin $not $exists $type $mod $regex $options $all $elemMatch $size $bitsAllClear
    $bitsAllSet $bitsAnyClear $bitsAnySet $geoIntersects $geoWithin $near $nearSphere
  `),
  updates: words(`
    $currentDate $inc $min $max $mul $rename $set $setOnInsert $unset $addToSet $pop $pull $push $pullAll $bit
  `),
  stages: words(`
    $addFields $bucket $bucketAuto $changeStream $changeStreamSplitLargeEvent $collStats $count $densify $documents
    $facet $fill $geoNear $graphLookup $group $indexStats $limit $listSampledQueries $listSearchIndexes $listSessions
    $lookup $match $merge $out $planCacheStats $project $redact $replaceRoot $replaceWith $sample $search $searchMeta
    $set $setWindowFields $skip $sort $sortByCount $unionWith $unset $unwind $vectorSearch $currentOp
    $listLocalSessions $shardedDataDistribution
  `),
  accumulators: words(`
    $accumulator $addToSet $avg $bottom $bottomN $count $first $firstN $last $lastN $max $maxN $median $mergeObjects
    $min $minN $percentile $push $stdDevPop $stdDevSamp $sum $top $topN
  `),
  expressions: words(`
    $abs $accumulator $acos $acosh $add $allElementsTrue $and $anyElementTrue $arrayElemAt $arrayToObject $asin $asinh
    $atan $atan2 $atanh $avg $binarySize $bitAnd $bitNot $bitOr $bitXor $bsonSize $ceil $cmp $concat $concatArrays $cond
    $convert $cos $cosh $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString
    $dateTrunc $dayOfMonth $dayOfWeek $dayOfYear $degreesToRadians $divide $eq $exp $filter $first $firstN $floor
    $function $getField $gt $gte $hour $ifNull $in $indexOfArray $indexOfBytes $indexOfCP $isArray $isNumber
    $isoDayOfWeek $isoWeek $isoWeekYear $last $lastN $let $literal $ln $log $log10 $lt $lte $ltrim $map $max $maxN
    $median $mergeObjects $meta $min $minN $millisecond $minute $mod $month $multiply $ne $not $objectToArray $or
    $percentile $pow $radiansToDegrees $rand $range $reduce $regexFind $regexFindAll $regexMatch $replaceOne $replaceAll
    $reverseArray $round $rtrim $sampleRate $second $setDifference $setEquals $setField $setIntersection $setIsSubset
    $setUnion $sin $sinh $size $slice $sortArray $split $sqrt $stdDevPop $stdDevSamp $strcasecmp $strLenBytes $strLenCP
    $substr $substrBytes $substrCP $subtract $sum $switch $tan $tanh $toBool $toDate $toDecimal $toDouble $toInt $toLong
    $toObjectId $toString $toLower $toUpper $trim $trunc $tsIncrement $tsSecond $type $unsetField $week $year $zip
  `),
  indexOptions: words(`
    unique name partialFilterExpression sparse expireAfterSeconds hidden storageEngine weights default_language
    language_override textIndexVersion 2dsphereIndexVersion bits min max collation wildcardProjection background
  `),
  /** Of one command each, with a value that would be fine. */
  options: {
    find: {
      let: { x: 1 },
      returnKey: true,
      showRecordId: true,
      tailable: true,
      awaitData: true,
      oplogReplay: true,
      max: { a: 1 },
      min: { a: 1 },
    },
    aggregate: { explain: true, let: { x: 1 } },
    insert: { encryptionInformation: {} },
    update: { let: { x: 1 } },
    delete: { let: { x: 1 } },
    findAndModify: { let: { x: 1 } },
    create: {
      capped: true,
      size: 100,
      max: 5,
      timeseries: { timeField: 't' },
      expireAfterSeconds: 5,
      clusteredIndex: { key: { _id: 1 }, unique: true },
      changeStreamPreAndPostImages: { enabled: true },
      storageEngine: {},
      validator: { a: 1 },
      validationLevel: 'strict',
      validationAction: 'warn',
      indexOptionDefaults: {},
      viewOn: 'r',
      pipeline: [],
      encryptedFields: {},
    },
    listIndexes: { includeIndexBuildInfo: true },
  },
} as const;
