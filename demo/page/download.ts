// Handing things to the visitor: as a file, or on the clipboard.

/** Has the browser save a file. `type` is a media type. */
export function download(
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  type = 'application/octet-stream',
) {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000) // ms; the browser may still be asking where to put it
}

/** Copies a text. Throws, in words for the page, where the browser forbids it. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    throw new Error('The browser does not let this page write to the clipboard. Select the text and copy it.')
  }
}
