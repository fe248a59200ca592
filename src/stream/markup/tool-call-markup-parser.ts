import { isTooDeep } from '../../transport/json-depth';
import { ObjectEnd } from './object-end';

/** A tool call that was written out as markup. */
export type MarkupToolCall = {
  /** `functions.name:0`, as the server itself names calls; absent where the markup has none. */
  id: string | undefined;
  name: string;
  /** A JSON object. */
  arguments: string;
};

type State =
  | 'start'
  /**
   * K2: `<|tool_calls_section_begin|>`,
   * `<|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{…}<|tool_call_end|>`.
   */
  | 'section'
  | 'call-id'
  | 'arguments'
  /**
   * K3: `<|open|>tools<|sep|>`, `<|open|>call tool="name" index="1"<|sep|>`, `<|open|>argument key="k"
   * type="string"<|sep|>…`.
   */
  | 'tools'
  | 'call'
  | 'value'
  /** Inside a K3 tag, before its `<|sep|>`. */
  | 'open-tag'
  | 'close-tag';

/** What a token did: the markup goes on, is whole with this token, was whole before it, or is none. */
export type MarkupStep = 'more' | 'done' | 'done-before' | 'none';

const ENTITIES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&apos;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

const ATTRIBUTES = {
  tool: /\btool\s*=\s*"([^"]*)"/,
  key: /\bkey\s*=\s*"([^"]*)"/,
  type: /\btype\s*=\s*"([^"]*)"/,
} as const;

/** With the blanks around it. */
const LONGEST_ID = 500;

/**
 * One piece of tool call markup, token by token. Strict: a tool that the request did not declare, arguments that are no
 * JSON object, or text where none belongs, and it is no markup. Lenient only where markup is known to leak torn: a
 * section without its end, or in the singular; a missing argument marker; `toolscall` for `tools` and `call`
 * (can1357/oh-my-pi#8495); a closed channel in front.
 *
 * Over 300 lines, because K2 and K3 share one state machine: a call of the one may stand where the other may.
 */
export class ToolCallMarkupParser {
  readonly calls: MarkupToolCall[] = [];

  private state: State = 'start';
  private inSection = false;
  private text = '';

  private id: string | undefined;
  private name = '';
  private hasBrace = false;
  private objectEnd = new ObjectEnd();
  private values: Record<string, unknown> = {};
  private key = '';
  private type = '';
  private tagBefore: State = 'start';

  constructor(
    private readonly toolNames: ReadonlySet<string>,
    /** Whether markup stands right in front, so that channels that are closed here belong to it. */
    private readonly followsMarkup: boolean,
  ) {}

  /** The next marker, by its name: `tool_call_begin`, `open` … */
  marker(name: string, source: string): MarkupStep {
    switch (this.state) {
      case 'start':
      case 'section':
        return this.outsideCalls(name);
      case 'call-id':
        return name === 'tool_call_argument_begin' ? this.beginArguments('') : 'none';
      case 'arguments':
        return this.inArguments(name, source);
      case 'tools':
      case 'call':
        return name === 'open' || name === 'close' ? this.enterTag(name) : 'none';
      case 'value':
        return name === 'close' ? this.enterTag(name) : this.more(source);
      case 'open-tag':
        return this.endOpenTag(name);
      case 'close-tag':
        return this.endCloseTag(name, source);
    }
  }

  /** The next text between markers, in any pieces. */
  plain(text: string): MarkupStep {
    switch (this.state) {
      case 'call-id': {
        this.text += text;
        const brace = this.text.indexOf('{');
        const id = brace < 0 ? this.text : this.text.slice(0, brace);
        if (id.length > LONGEST_ID || !/^[\w.:-]*$/.test(id.trim())) {
          return 'none';
        }
        if (brace < 0) {
          return 'more';
        }
        const rest = this.text.slice(brace);
        this.text = id;
        return this.beginArguments(rest);
      }
      case 'arguments':
        if (!this.hasBrace && text.trim() !== '') {
          this.hasBrace = true;
          if (!text.trimStart().startsWith('{')) {
            return 'none';
          }
        }
        return this.argument(text);
      case 'open-tag':
      case 'close-tag':
        this.text += text;
        if (this.tagBefore === 'value') {
          return 'more';
        }
        return this.text.length < 500 && !this.text.includes('\n\n') ? 'more' : 'none';
      case 'value':
        return this.more(text);
      case 'section':
        return text.trim() === '' ? 'more' : this.calls.length > 0 ? 'done-before' : 'none';
      default:
        return text.trim() === '' ? 'more' : this.state === 'tools' && this.calls.length > 0 ? 'done-before' : 'none';
    }
  }

  /** The stream is over. A section that lacks only its end is whole. */
  end(): MarkupStep {
    if (this.state === 'arguments') {
      return this.endCall() ? 'done' : 'none';
    }
    return (this.state === 'section' || this.state === 'tools') && this.calls.length > 0 ? 'done' : 'none';
  }

  private outsideCalls(name: string): MarkupStep {
    if (/^tool_calls?_section_begin$/.test(name) && this.state === 'start') {
      this.inSection = true;
      return this.enter('section');
    }
    if (name === 'tool_call_begin') {
      return this.enter('call-id');
    }
    if ((name === 'open' || name === 'close') && this.state === 'start') {
      return this.enterTag(name);
    }
    if (/^tool_calls?_section_end$/.test(name)) {
      return this.calls.length > 0 ? 'done' : 'none';
    }
    return this.calls.length > 0 ? 'done-before' : 'none';
  }

  private inArguments(name: string, source: string): MarkupStep {
    const ends = name === 'tool_call_end' || name === 'tool_call_begin' || /^tool_calls?_section_end$/.test(name);
    // A marker in a JSON string is part of it: what it ends is no JSON yet.
    if (!ends || (this.hasBrace && !this.objectEnd.isReached)) {
      return this.argument(source);
    }
    if (!this.endCall()) {
      return 'none';
    }
    this.state = 'section';
    if (name === 'tool_call_end') {
      return this.inSection ? 'more' : 'done';
    }
    return this.outsideCalls(name);
  }

  private beginArguments(text: string): MarkupStep {
    const id = this.text.trim();
    const bare = id.replace(/^functions\./, '');
    const name = [bare, bare.replace(/:\d+$/, ''), id].find(candidate => this.toolNames.has(candidate));
    if (name === undefined) {
      return 'none';
    }
    this.name = name;
    this.id = /:\d+$/.test(id) && name !== bare ? id : undefined;
    this.enter('arguments');
    this.hasBrace = text !== '';
    this.objectEnd = new ObjectEnd();
    return this.argument(text);
  }

  private endCall(): boolean {
    const text = this.text.trim() === '' ? '{}' : this.text.trim();
    if (!isObject(text)) {
      return false;
    }
    this.calls.push({ id: this.id, name: this.name, arguments: text });
    return true;
  }

  private endOpenTag(name: string): MarkupStep {
    // `<|open|>call tool="a"<|open|>argument …`: the separator may be lost.
    if (name !== 'sep' && name !== 'open') {
      return 'none';
    }
    const [tag = ''] = /^\w+/.exec(this.text.trimStart()) ?? [];
    const attributes = this.text.trimStart().slice(tag.length);
    const next = name === 'open' ? () => this.enterTag('open') : (): MarkupStep => 'more';
    const isOutside = this.tagBefore === 'start' || this.tagBefore === 'tools';
    if (tag === 'tools' && this.tagBefore === 'start') {
      this.inSection = true;
      this.enter('tools');
      return next();
    }
    if ((tag === 'call' && isOutside) || (tag === 'toolscall' && this.tagBefore === 'start')) {
      this.inSection ||= tag === 'toolscall';
      this.name = attribute(attributes, 'tool') ?? '';
      this.values = {};
      if (!this.toolNames.has(this.name)) {
        return 'none';
      }
      this.enter('call');
      return next();
    }
    if (tag === 'argument' && this.tagBefore === 'call' && name === 'sep') {
      this.key = attribute(attributes, 'key') ?? '';
      this.type = attribute(attributes, 'type') ?? 'string';
      return this.key === '' ? 'none' : this.enter('value');
    }
    return 'none';
  }

  private endCloseTag(name: string, source: string): MarkupStep {
    const tag = this.text.trim();
    if (this.tagBefore === 'value') {
      if (tag !== 'argument' || name !== 'sep') {
        // It was part of the value.
        const value = `${this.value}<|close|>${this.text}`;
        this.enter('value');
        this.text = value;
        return name === 'close' ? this.enterTag('close') : this.more(source);
      }
      const value = typed(this.value, this.type);
      if (value === undefined) {
        return 'none';
      }
      this.values[this.key] = value;
      return this.enter('call');
    }
    if (name !== 'sep') {
      return 'none';
    }
    if (this.tagBefore === 'call' && tag === 'call') {
      this.calls.push({ id: undefined, name: this.name, arguments: JSON.stringify(this.values) });
      this.enter('tools');
      return this.inSection ? 'more' : 'done';
    }
    if (this.tagBefore === 'tools' && tag === 'tools') {
      return this.calls.length > 0 ? 'done' : 'none';
    }
    if (this.tagBefore === 'start' && this.followsMarkup && (tag === 'message' || tag === 'response')) {
      return 'done';
    }
    // The channel in which the call should not have stood, closed in front of it.
    return this.tagBefore === 'start' && (tag === 'response' || tag === 'think') ? this.enter('start') : 'none';
  }

  /** The value that a tag has interrupted. */
  private value = '';

  private enterTag(kind: 'open' | 'close'): MarkupStep {
    this.tagBefore = this.state === 'open-tag' ? this.tagBefore : this.state;
    if (this.state === 'value') {
      this.value = this.text;
    }
    return this.enter(kind === 'open' ? 'open-tag' : 'close-tag');
  }

  private enter(state: State): MarkupStep {
    this.state = state;
    this.text = '';
    return 'more';
  }

  private argument(text: string): MarkupStep {
    this.objectEnd.write(text);
    return this.more(text);
  }

  private more(text: string): MarkupStep {
    this.text += text;
    return 'more';
  }
}

function isObject(text: string): boolean {
  const trimmed = text.trim();
  if (!trimmed.endsWith('}')) {
    return trimmed === '';
  }
  try {
    const value: unknown = JSON.parse(trimmed);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function attribute(attributes: string, name: keyof typeof ATTRIBUTES): string | undefined {
  const value = ATTRIBUTES[name].exec(attributes)?.[1];
  return value?.replace(/&(?:quot|apos|lt|gt|amp);/g, entity => ENTITIES[entity] ?? entity);
}

/** A K3 value is plain text where its type is `string`, else JSON. `undefined` where it is not of its type. */
function typed(value: string, type: string): unknown {
  if (type === 'string') {
    return value;
  }
  try {
    return isTooDeep(value) ? undefined : (JSON.parse(value) as unknown);
  } catch {
    return undefined;
  }
}
