import type { Transformation } from './site.ts';
import { addAwait } from './transformations/add-await.ts';
import { addNew } from './transformations/add-new.ts';
import { answerForHelper } from './transformations/answer-for-helper.ts';
import { answerMissing } from './transformations/answer-missing.ts';
import { awaitEach } from './transformations/await-each.ts';
import { bigintJson } from './transformations/bigint-json.ts';
import { bigintMix } from './transformations/bigint-mix.ts';
import { bindMethod } from './transformations/bind-method.ts';
import { catchRejection } from './transformations/catch-rejection.ts';
import { checkUpstreamStatus } from './transformations/check-upstream-status.ts';
import { coerceReceiver } from './transformations/coerce-receiver.ts';
import { compareAsNumber } from './transformations/compare-as-number.ts';
import { constToLet } from './transformations/const-to-let.ts';
import { defaultValue } from './transformations/default-value.ts';
import { emptyInList } from './transformations/empty-in-list.ts';
import { escapeRegex } from './transformations/escape-regex.ts';
import { fetchTimeout } from './transformations/fetch-timeout.ts';
import { fixBounds } from './transformations/fix-bounds.ts';
import { fixMethod } from './transformations/fix-method.ts';
import { fixName } from './transformations/fix-name.ts';
import { flipCondition } from './transformations/flip-condition.ts';
import { guardCall } from './transformations/guard-call.ts';
import { guardCallbackError } from './transformations/guard-callback-error.ts';
import { guardDate } from './transformations/guard-date.ts';
import { guardDivision } from './transformations/guard-division.ts';
import { guardNumber } from './transformations/guard-number.ts';
import { importMissing } from './transformations/import-missing.ts';
import { leaveCatch } from './transformations/leave-catch.ts';
import { listenForErrors } from './transformations/listen-for-errors.ts';
import { normaliseKey } from './transformations/normalise-key.ts';
import { nullObject } from './transformations/null-object.ts';
import { optionalChain } from './transformations/optional-chain.ts';
import { reduceInitial } from './transformations/reduce-initial.ts';
import { releaseInFinally } from './transformations/release-in-finally.ts';
import { renameColumn } from './transformations/rename-column.ts';
import { renameProperty } from './transformations/rename-property.ts';
import { returnAfterAnswer } from './transformations/return-after-answer.ts';
import { returnNothing } from './transformations/return-nothing.ts';
import { returnValue } from './transformations/return-value.ts';
import { revertHunk } from './transformations/revert-hunk.ts';
import { rollBack } from './transformations/roll-back.ts';
import { shareLoading } from './transformations/share-loading.ts';
import { siblingGuard } from './transformations/sibling-guard.ts';
import { skipMissing } from './transformations/skip-missing.ts';
import { sqlAnswer } from './transformations/sql-answer.ts';
import { stringifyBody } from './transformations/stringify-body.ts';
import { tableDefault } from './transformations/table-default.ts';
import { uniqueStatementName } from './transformations/unique-statement-name.ts';
import { validateInput } from './transformations/validate-input.ts';

/** All transformations; one line each. The order says nothing: candidates are ranked. */
export const TRANSFORMATIONS: readonly Transformation[] = [
  addAwait,
  addNew,
  answerForHelper,
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
  emptyInList,
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
  nullObject,
  optionalChain,
  reduceInitial,
  releaseInFinally,
  renameColumn,
  renameProperty,
  returnAfterAnswer,
  returnNothing,
  returnValue,
  revertHunk,
  rollBack,
  shareLoading,
  siblingGuard,
  skipMissing,
  sqlAnswer,
  stringifyBody,
  tableDefault,
  uniqueStatementName,
  validateInput,
];
