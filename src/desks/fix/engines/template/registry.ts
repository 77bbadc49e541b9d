import type { Transformation } from './site.ts';
import { addAwait } from './transformations/add-await.ts';
import { answerMissing } from './transformations/answer-missing.ts';
import { bigintJson, bigintMix } from './transformations/bigint.ts';
import { checkUpstreamStatus } from './transformations/check-upstream-status.ts';
import { coerceReceiver } from './transformations/coerce-receiver.ts';
import { defaultValue } from './transformations/default-value.ts';
import { fixBounds, guardDivision, reduceInitial } from './transformations/empty-list.ts';
import {
  catchRejection,
  fetchTimeout,
  guardCallbackError,
  leaveCatch,
  listenForErrors,
  releaseInFinally,
  rollBack,
} from './transformations/failures.ts';
import { fixMethod, fixName, importMissing } from './transformations/fix-name.ts';
import { guardCall } from './transformations/guard-call.ts';
import { guardDate } from './transformations/guard-date.ts';
import { guardNumber } from './transformations/guard-number.ts';
import { optionalChain } from './transformations/optional-chain.ts';
import { renameProperty } from './transformations/rename-property.ts';
import { returnAfterAnswer } from './transformations/return-after-answer.ts';
import { returnValue } from './transformations/return-value.ts';
import { returnNothing } from './transformations/return-nothing.ts';
import { shareLoading } from './transformations/share-loading.ts';
import { skipMissing } from './transformations/skip-missing.ts';
import {
  addNew,
  awaitEach,
  bindMethod,
  constToLet,
  escapeRegex,
  stringifyBody,
} from './transformations/small-slips.ts';
import { siblingGuard } from './transformations/sibling-guard.ts';
import { renameColumn, sqlAnswer } from './transformations/sql-answer.ts';
import { flipCondition, revertHunk } from './transformations/suspect-commit.ts';
import { compareAsNumber, normaliseKey, tableDefault } from './transformations/table-lookup.ts';
import { validateInput } from './transformations/validate-input.ts';

/** All transformations; one line each. The order says nothing: candidates are ranked. */
export const TRANSFORMATIONS: readonly Transformation[] = [
  addAwait,
  addNew,
  answerMissing,
  awaitEach,
  bigintJson,
  bigintMix,
  bindMethod,
  catchRejection,
  checkUpstreamStatus,
  coerceReceiver,
  compareAsNumber,
  constToLet,
  defaultValue,
  escapeRegex,
  fetchTimeout,
  fixBounds,
  fixMethod,
  fixName,
  flipCondition,
  guardCall,
  guardCallbackError,
  guardDate,
  guardDivision,
  guardNumber,
  importMissing,
  leaveCatch,
  listenForErrors,
  normaliseKey,
  optionalChain,
  reduceInitial,
  releaseInFinally,
  renameColumn,
  renameProperty,
  returnAfterAnswer,
  returnValue,
  revertHunk,
  siblingGuard,
  skipMissing,
  sqlAnswer,
  shareLoading,
  rollBack,
  returnNothing,
  stringifyBody,
  tableDefault,
  validateInput,
];
