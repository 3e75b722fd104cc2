// The little of TypeDoc that the docs use, so that types can be checked where it is not installed.

declare module 'typedoc' {
  /** TypeScript's side: what TypeDoc's own TypeScript tells of a symbol. */
  interface CompilerSymbol {
    readonly name: string
    readonly declarations?: readonly {
      readonly questionToken?: object
      readonly initializer?: object
      readonly dotDotDotToken?: object
      getText(): string
    }[]
  }
  interface CompilerType {
    /** Of tuples: the names of the elements, and what is optional. */
    readonly target?: {
      readonly labeledElementDeclarations?: readonly (
        | { readonly name: { readonly text: string }; readonly questionToken?: object }
        | undefined
      )[]
    }
    getCallSignatures(): readonly CompilerSignature[]
  }
  interface CompilerSignature {
    readonly parameters: readonly CompilerSymbol[]
  }
  interface Checker {
    getTypeOfSymbol(symbol: CompilerSymbol): CompilerType
    getReturnTypeOfSignature(signature: CompilerSignature): CompilerType
    getNonNullableType(type: CompilerType): CompilerType
    getTypeArguments(tuple: CompilerType): readonly CompilerType[]
  }

  /** TypeDoc's side: a tree of reflections, one for each name. */
  export const ReflectionKind: Readonly<
    Record<
      | 'Module'
      | 'Namespace'
      | 'Variable'
      | 'Property'
      | 'Function'
      | 'Method'
      | 'Parameter'
      | 'TypeAlias'
      | 'CallSignature'
      | 'SomeSignature',
      number
    >
  >
  export const ReflectionFlag: Readonly<Record<'Const' | 'Optional', number>>

  export type CommentDisplayPart =
    | { kind: 'text' | 'code'; text: string }
    | { kind: 'inline-tag'; tag: `@${string}`; text: string; target: Reflection }
  export class CommentTag {
    constructor(tag: `@${string}`, content: CommentDisplayPart[])
  }
  export class Comment {
    constructor(summary?: CommentDisplayPart[])
    static combineDisplayParts(parts: readonly CommentDisplayPart[] | undefined): string
    readonly blockTags: CommentTag[]
    readonly modifierTags: Set<`@${string}`>
    readonly summary: CommentDisplayPart[]
  }

  export abstract class Reflection {
    readonly id: number
    name: string
    kind: number
    readonly parent?: Reflection
    readonly project: ProjectReflection
    readonly flags: { setFlag(flag: number, value: boolean): void }
    comment?: Comment
    kindOf(kind: number): boolean
  }
  export class DeclarationReflection extends Reflection {
    readonly children?: readonly DeclarationReflection[]
    readonly sources?: readonly { readonly fileName: string; readonly line: number; url?: string }[]
    signatures?: SignatureReflection[]
    type?: object
    defaultValue?: string
  }
  export class SignatureReflection extends Reflection {
    constructor(name: string, kind: number, parent: Reflection)
    parameters?: ParameterReflection[]
    type?: object
  }
  export class ParameterReflection extends Reflection {
    constructor(name: string, kind: number, parent: Reflection)
    type?: object
  }
  export class DocumentReflection extends Reflection {
    constructor(name: string, parent: Reflection, content: CommentDisplayPart[], frontmatter: object)
    content: CommentDisplayPart[]
  }
  export class ProjectReflection extends Reflection {
    readonly reflections: Readonly<Record<number, DeclarationReflection>>
    readonly children?: readonly DeclarationReflection[]
    readonly documents?: readonly DocumentReflection[]
    readonly childrenIncludingDocuments?: Reflection[]
    addChild(child: Reflection): void
    registerReflection(reflection: Reflection, id: undefined, file: undefined): void
    removeReflection(reflection: Reflection): void
  }

  export interface Context {
    readonly checker: Checker
    readonly converter: Converter
    readonly project: ProjectReflection
    withScope(reflection: Reflection): Context
    getSymbolFromReflection(reflection: Reflection): CompilerSymbol | undefined
  }
  export class Converter {
    static readonly EVENT_CREATE_DECLARATION: 'createDeclaration'
    static readonly EVENT_CREATE_DOCUMENT: 'createDocument'
    static readonly EVENT_RESOLVE_BEGIN: 'resolveBegin'
    static readonly EVENT_RESOLVE_END: 'resolveEnd'
    on(
      event: 'createDeclaration',
      listener: (context: Context, reflection: DeclarationReflection) => void,
    ): void
    on(event: 'createDocument', listener: (context: Context, document: DocumentReflection) => void): void
    on(event: 'resolveBegin' | 'resolveEnd', listener: (context: Context) => void, priority?: number): void
    convertType(context: Context, type: CompilerType): object
  }
  export class Application {
    static bootstrap(options: Readonly<Record<string, unknown>>): Promise<Application>
    readonly converter: Converter
    readonly logger: { hasErrors(): boolean; hasWarnings(): boolean }
    convert(): Promise<ProjectReflection | undefined>
    validate(project: ProjectReflection): void
    generateDocs(project: ProjectReflection, folder: string): Promise<void>
  }
}
