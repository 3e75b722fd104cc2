// Files that visitors hand to a page: chosen, or dropped anywhere on it.

/** Asks for files; none if the visitor thinks better of it. `accept` as <input> has it. */
export function chooseFiles(accept: string, { multiple = false } = {}): Promise<File[]> {
  return new Promise(resolve => {
    const input = document.createElement('input')
    Object.assign(input, { type: 'file', hidden: true, accept, multiple })
    const done = (): void => {
      input.remove()
      resolve([...(input.files ?? [])])
    }
    input.addEventListener('change', done)
    input.addEventListener('cancel', done)
    document.body.append(input) // browsers may forget one that stands nowhere
    input.click()
  })
}

/** Takes files dropped anywhere on the page, which browsers would otherwise open in the page's place. */
export function takeDropped(take: (files: File[]) => unknown): void {
  for (const name of ['dragover', 'drop'] as const)
    addEventListener(name, event => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      if (name === 'drop') void take([...event.dataTransfer.files])
    })
}
