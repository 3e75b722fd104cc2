// What TypeDoc does not know of our sources: ops are functions and methods, what is internal, and where things belong.
import { readFileSync } from 'node:fs'
import {
  type Application,
  Comment,
  type CommentDisplayPart,
  CommentTag,
  type CompilerType,
  type Context,
  Converter,
  type DeclarationReflection,
  DocumentReflection,
  ParameterReflection,
  type Reflection,
  ReflectionFlag,
  ReflectionKind,
  SignatureReflection,
} from 'typedoc'
import { ops } from '../../src/ops/table.ts'

/** Sections of the root page for names that are no ops, by the file they stand in; the first that fits. */
const SECTIONS: readonly (readonly [file: RegExp, section: string])[] = [
  [/\/src\/(tensor|dtype|shape|ops\/create|ops\/parameter)\.ts/, 'Tensors'],
  [/\/src\/(grad|compile|compiled_plan|host|fuse\/.*)\.ts/, 'Gradients and compile'],
  [/\/src\/(init|engine|backend|memory|errors|random)\.ts/, 'Engine'],
  [/\/src\/(proof\/|ops\/table\.ts)/, 'Proof and measurement'],
  [/\/src\/(op|kernel|tape)\.ts/, 'Ops of your own'],
  [/\/src\/ops\//, 'Options of ops'],
]
const ORDER = [
  'Rooms',
  'Tensors',
  'Gradients and compile',
  'Engine',
  'Ops: *',
  '*',
  'Options of ops',
  'Ops of your own',
]

/** Entry points by the names people import them under. */
const ENTRIES: Readonly<Record<string, string>> = { index: 'retrograd', csv: 'retrograd/csv' }

/** Sections in their order, for TypeDoc's option. */
export const sections = (): string[] => ORDER.flatMap(name => (name === 'Ops: *' ? families() : [name]))

const families = (): string[] => [...new Set(Object.values(ops).map(op => sectionOf(op.definition.family)))]
const sectionOf = (family: string): string => `Ops: ${family}`

/** Has an application show our sources as people use them. */
export function shape(app: Application): void {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module))
      reflection.name = ENTRIES[reflection.name] ?? reflection.name
    if (isOp(reflection) || isCallable(reflection)) makeCallable(context, reflection)
    if (reflection.kindOf(ReflectionKind.TypeAlias)) spellOut(context, reflection)
  })
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    document.name = /^# (.*)/m.exec(Comment.combineDisplayParts(document.content))?.[1] ?? document.name
  })
  app.converter.on(
    Converter.EVENT_RESOLVE_BEGIN,
    ({ project }) => {
      const root = project.children?.find(({ name }) => name === 'retrograd')
      for (const room of root?.children ?? []) if (room.kindOf(ReflectionKind.Namespace)) introduce(room)
      for (const internal of Object.values(project.reflections).filter(isInternal)) remove(internal)
      for (const reflection of Object.values(project.reflections)) {
        const section = belongsTo(reflection)
        if (!section) continue
        reflection.comment ??= new Comment()
        reflection.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: section }]))
      }
      for (const document of project.documents ?? []) linkNames(document, root?.children ?? [])
      const table = new DocumentReflection('All ops', project, opTable(root?.children ?? []), {})
      project.addChild(table)
      project.registerReflection(table, undefined, undefined)
      // Behind the guides, before the modules.
      project.childrenIncludingDocuments?.sort((a, b) => Number(!isDocument(a)) - Number(!isDocument(b)))
    },
    100, // before TypeDoc sorts by category
  )
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const { sources } of Object.values(project.reflections))
      for (const place of sources ?? []) delete place.url
  })
}

/** An op on the root, or its method on Tensor. */
function isOp(reflection: Reflection): reflection is DeclarationReflection {
  const { name, parent } = reflection
  return (
    Object.hasOwn(ops, name) &&
    ((reflection.kindOf(ReflectionKind.Variable) && parent?.name === 'retrograd') ||
      (reflection.kindOf(ReflectionKind.Property) && parent?.name === 'Tensor'))
  )
}

/** A constant of a room, which may be a function. */
const isCallable = ({ kind, parent }: Reflection): boolean =>
  kind === ReflectionKind.Variable && Boolean(parent?.kindOf(ReflectionKind.Namespace))

/** Constants that are called, such as ops and activations: shown as functions, a tuple of arguments as its elements. */
function makeCallable(context: Context, reflection: DeclarationReflection): void {
  const { checker, converter, project } = context
  const symbol = context.getSymbolFromReflection(reflection)
  const [call, ...others] = symbol ? checker.getTypeOfSymbol(symbol).getCallSignatures() : []
  if (!call || others.length > 0) return
  const within = context.withScope(reflection)
  const signature = new SignatureReflection(reflection.name, ReflectionKind.CallSignature, reflection)
  const parameter = (name: string, type: CompilerType, optional: boolean): ParameterReflection => {
    const made = new ParameterReflection(name, ReflectionKind.Parameter, signature)
    made.type = converter.convertType(within, optional ? checker.getNonNullableType(type) : type)
    made.flags.setFlag(ReflectionFlag.Optional, optional)
    project.registerReflection(made, undefined, undefined)
    return made
  }
  signature.type = converter.convertType(within, checker.getReturnTypeOfSignature(call))
  signature.parameters = call.parameters.flatMap(given => {
    const type = checker.getTypeOfSymbol(given)
    const labels = type.target?.labeledElementDeclarations
    if (!labels) {
      const [declaration] = given.declarations ?? []
      if (declaration?.dotDotDotToken) return [] // takes nothing: it is there to refuse what is given
      return [parameter(given.name, type, Boolean(declaration?.questionToken ?? declaration?.initializer))]
    }
    return checker
      .getTypeArguments(type)
      .map((element, i) => parameter(labels[i]?.name.text ?? '', element, Boolean(labels[i]?.questionToken)))
  })
  reflection.kind = reflection.kindOf(ReflectionKind.Variable)
    ? ReflectionKind.Function
    : ReflectionKind.Method
  reflection.flags.setFlag(ReflectionFlag.Const, false)
  reflection.signatures = [signature]
  delete reflection.type
  delete reflection.defaultValue
  if (reflection.comment) {
    signature.comment = reflection.comment
    delete reflection.comment
  }
  project.registerReflection(signature, undefined, undefined)
}

/** A type taken from a constant, such as the names of a table, is shown as what it comes to. */
function spellOut(context: Context, reflection: DeclarationReflection): void {
  const [declaration] = context.getSymbolFromReflection(reflection)?.declarations ?? []
  if (!declaration?.getText().includes('typeof ')) return
  reflection.comment ??= new Comment()
  reflection.comment.modifierTags.add('@useDeclaredType')
}

const textOf = (comment: Comment | undefined): string => Comment.combineDisplayParts(comment?.summary)

/** A member marked Internal in its docstring, a constructor's signature included, or standing below 'Internal from here on'. */
function isInternal(reflection: Reflection): boolean {
  if (/(^|\. )Internal\b/.test(textOf(reflection.comment))) return true
  const line = (of: Reflection): number => (of as DeclarationReflection).sources?.[0]?.line ?? 0
  const siblings = (reflection.parent as DeclarationReflection | undefined)?.children ?? []
  const last = siblings.find(({ comment, signatures }) =>
    textOf(comment ?? signatures?.[0]?.comment).startsWith('Internal from here on'),
  )
  return (
    last !== undefined &&
    siblings.includes(reflection as DeclarationReflection) &&
    line(reflection) >= line(last)
  )
}

/** Takes a member out, the whole of it where only its signature was marked. */
function remove(reflection: Reflection): void {
  const whole = reflection.kindOf(ReflectionKind.SomeSignature) ? reflection.parent : reflection
  if (whole && whole.id in whole.project.reflections) whole.project.removeReflection(whole)
}

/** The section that a name of the root page belongs to, and a method of Tensor; null for all others. */
function belongsTo(reflection: Reflection): string | null {
  const { name, parent } = reflection
  const isMember = reflection.kindOf(ReflectionKind.Method) && parent?.name === 'Tensor'
  if (isMember)
    return Object.hasOwn(ops, name) ? sectionOf(ops[name]?.definition.family ?? '') : 'Values and memory'
  if (parent?.name !== 'retrograd' || reflection.kindOf(ReflectionKind.SomeSignature)) return null
  if (reflection.kindOf(ReflectionKind.Namespace)) return 'Rooms'
  const op = reflection.kindOf(ReflectionKind.Function) && ops[name]
  if (op) return sectionOf(op.definition.family)
  const file = (reflection as DeclarationReflection).sources?.[0]?.fileName ?? ''
  return SECTIONS.find(([pattern]) => pattern.test(file))?.[1] ?? null
}

/** A room in the words its file opens with. */
function introduce(room: DeclarationReflection): void {
  const file = `src/${room.name}/index.ts`
  const [, text] = /^\/\/ \w+: (.*)/.exec(readFileSync(file, 'utf8')) ?? []
  if (text)
    room.comment = new Comment([{ kind: 'text', text: text.replace(/^./, first => first.toUpperCase()) }])
}

const isDocument = (reflection: Reflection): boolean => reflection instanceof DocumentReflection

/** A table of all public ops: what each is called, does, and whether gradients flow through it. */
function opTable(names: readonly DeclarationReflection[]): CommentDisplayPart[] {
  const text = (content: string): CommentDisplayPart => ({ kind: 'text', text: content })
  const rows = families().flatMap(section => {
    const members = names.filter(({ name, signatures }) => signatures && belongsToSection(name, section))
    if (members.length === 0) return []
    const lines = members.flatMap((member): CommentDisplayPart[] => [
      text('| '),
      { kind: 'inline-tag', tag: '@linkcode', text: member.name, target: member },
      text(
        ` | ${firstSentence(textOf(member.signatures?.[0]?.comment))} | ${hasGradient(member.name) ? 'yes' : 'no'} |\n`,
      ),
    ])
    return [
      text(`\n## ${section.replace('Ops: ', '')}\n\n| op | what it gives | gradient |\n|---|---|---|\n`),
      ...lines,
    ]
  })
  const how = `# All ops\n\nEach is a function of the root, and a method of \`Tensor\` where its first argument is a tensor. The table is made of
the entries that tests and benchmarks draw on too.\n`
  return [text(how), ...rows]
}

const belongsToSection = (name: string, section: string): boolean =>
  Object.hasOwn(ops, name) && sectionOf(ops[name]?.definition.family ?? '') === section
const hasGradient = (name: string): boolean => ops[name]?.definition.gradient !== 'none'
const firstSentence = (text: string): string =>
  (/^.*?[^.][.;:](?=\s|$)/s.exec(text)?.[0] ?? text)
    .replace(/[;:]$/, '.')
    .replaceAll('\n', ' ')
    .replaceAll('|', '\\|')

/** Makes links of the public names that a guide has in backticks: `nn.mlp`, `relu`, `optim`. */
function linkNames(document: DocumentReflection, root: readonly DeclarationReflection[]): void {
  document.content = document.content.map(part => {
    const path = /^`([\w.]+)(?:\(.*\))?`$/.exec(part.text)?.[1]?.split('.')
    if (part.kind !== 'code' || !path) return part
    let [names, target]: [readonly DeclarationReflection[], DeclarationReflection | undefined] = [
      root,
      undefined,
    ]
    for (const name of path) {
      target = names.find(candidate => candidate.name === name)
      if (!target) return part
      names = target.children ?? []
    }
    return target ? { kind: 'inline-tag', tag: '@linkcode', text: part.text.slice(1, -1), target } : part
  })
}
