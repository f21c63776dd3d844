/** What a model server may do wrong. Real servers do all of these. */
export type Fault =
  /** Plays along: a place holder in a script. */
  | { readonly kind: 'none' }
  | { readonly kind: 'rate-limit'; readonly retryAfter?: string; readonly retryAfterMs?: number }
  | { readonly kind: 'no-quota' }
  | { readonly kind: 'status'; readonly status: number; readonly message?: string }
  /** 401, with the key quoted in the message, as some servers do. */
  | { readonly kind: 'unauthorized' }
  /** The stream ends in the middle: the connection is reset, or closed without a word. */
  | { readonly kind: 'cut'; readonly after?: number; readonly quietly?: boolean }
  /** `finish_reason: length` after so many characters. */
  | { readonly kind: 'length'; readonly after?: number }
  /** JSON, but not the JSON that was asked for. */
  | { readonly kind: 'wrong-shape' }
  /** 400 for `response_format: json_schema`; with `nor_json_object` for that too. */
  | { readonly kind: 'no-json-schema'; readonly nor_json_object?: boolean }
  /** Takes `response_format` and answers with prose around fenced JSON all the same. */
  | { readonly kind: 'ignores-schema' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Sends so many characters, then nothing more and no end; with `comments` it still says that it is there. */
  | { readonly kind: 'stall'; readonly after?: number; readonly comments?: boolean }
  /** Has one of the two interfaces only; `told` says so of the model, as OpenAI does, instead of an unknown path. */
  | { readonly kind: 'only'; readonly api: 'chat' | 'responses'; readonly told?: boolean }
  /** Sends the client on to another address. */
  | { readonly kind: 'redirect'; readonly to: string }
  /** Answers in one JSON although a stream was asked for. */
  | { readonly kind: 'no-stream' }
  /** A page for people where an answer should be. */
  | { readonly kind: 'page' }
  /** Takes the request and breaks down in the middle, in the stream's own words; with `finish` by its finish reason alone. */
  | { readonly kind: 'breaks'; readonly after?: number; readonly code?: string | number; readonly finish?: string }
  /** Sends its answer as a list of parts with its thoughts among them, as Mistral's reasoning models do. */
  | { readonly kind: 'parts' }
  /** Wraps its errors as other servers do: Google, FastAPI, Mistral, Ollama. */
  | { readonly kind: 'dialect'; readonly of: Dialect }
  /** Closes the connection before a byte of an answer. */
  | { readonly kind: 'drop' }
  /** 400 naming a parameter it does not know. */
  | {
      readonly kind: 'refuses';
      readonly parameter:
        | 'temperature'
        | 'max_tokens'
        | 'max_completion_tokens'
        | 'max_output_tokens'
        | 'stream_options'
        | 'store';
    }
  /** The model declines. */
  | { readonly kind: 'declines' }
  | { readonly kind: 'no-usage' };

export type Dialect = 'list' | 'detail' | 'fields' | 'message' | 'word';

/** The body of an error, as a server of this dialect words it. */
export function errorBody({ error }: HttpProblem, dialect: Dialect | undefined): unknown {
  const { message, param } = error;
  switch (dialect) {
    case 'list':
      return [{ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }];
    case 'detail':
      return { detail: message };
    case 'fields':
      return { detail: [{ type: 'extra_forbidden', loc: ['body', param], msg: 'Extra inputs are not permitted' }] };
    case 'message':
      return { object: 'error', message, type: 'invalid_request_error', param: null, code: null };
    case 'word':
      return { error: message };
    default:
      return { error };
  }
}

export interface HttpProblem {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly error: { readonly message: string; readonly type: string; readonly code?: string; readonly param?: string };
}

/** The error a server answers with, if one of its faults says so for this request's body. */
export function problemOf(
  faults: readonly Fault[],
  body: Readonly<Record<string, unknown>>,
  key: string,
): HttpProblem | undefined {
  const asked = (body.response_format ?? (body.text as { readonly format?: unknown } | undefined)?.format) as
    | { readonly type?: string }
    | undefined;
  const format = asked?.type;
  for (const fault of faults) {
    const problem = oneProblem(fault, body, format, key);
    if (problem) return problem;
  }
  return undefined;
}

function oneProblem(
  fault: Fault,
  body: Readonly<Record<string, unknown>>,
  format: string | undefined,
  key: string,
): HttpProblem | undefined {
  switch (fault.kind) {
    case 'rate-limit':
      return {
        status: 429,
        headers: {
          ...(fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }),
          ...(fault.retryAfterMs === undefined ? {} : { 'retry-after-ms': String(fault.retryAfterMs) }),
        },
        error: { message: 'Rate limit reached for requests', type: 'requests', code: 'rate_limit_exceeded' },
      };
    case 'no-quota':
      return {
        status: 429,
        error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
      };
    case 'status':
      return {
        status: fault.status,
        error: { message: fault.message ?? 'The server had an error', type: 'server_error' },
      };
    case 'unauthorized':
      return {
        status: 401,
        error: {
          message: `Incorrect API key provided: ${key}.`,
          type: 'invalid_request_error',
          code: 'invalid_api_key',
        },
      };
    case 'no-json-schema':
      if (format === 'json_schema' || (format === 'json_object' && fault.nor_json_object)) {
        return refusal(`response_format of type ${format} is not supported`, 'response_format');
      }
      return undefined;
    case 'refuses':
      return fault.parameter in body
        ? refusal(`Unsupported parameter: '${fault.parameter}' is not supported with this model.`, fault.parameter)
        : undefined;
    case 'only':
      return fault.api === apiOf(body) ? undefined : otherApi(fault.api, fault.told ?? false);
    case 'redirect':
      return { status: 307, headers: { location: fault.to }, error: { message: 'Moved', type: 'moved' } };
    default:
      return undefined;
  }
}

/** By what a request was asked: the two name their messages differently. */
export function apiOf(body: Readonly<Record<string, unknown>>): 'chat' | 'responses' {
  return 'input' in body ? 'responses' : 'chat';
}

function otherApi(api: 'chat' | 'responses', told: boolean): HttpProblem {
  const paths = { chat: 'v1/chat/completions', responses: 'v1/responses' };
  const other = paths[api === 'chat' ? 'responses' : 'chat'];
  if (!told) return { status: 404, error: { message: `Not found: /${other}`, type: 'not_found' } };
  const message = `This model is only supported in ${paths[api]} and not in ${other}.`;
  return { status: 404, error: { message, type: 'invalid_request_error', param: 'model' } };
}

function refusal(message: string, param: string): HttpProblem {
  return { status: 400, error: { message, type: 'invalid_request_error', code: 'unsupported_parameter', param } };
}
