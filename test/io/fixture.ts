// A small safetensors file as the reference implementation writes it.

/**
 * Written by `serialize` of Python's safetensors 0.8.0 from NumPy 2.4.6 arrays called after their dtypes, one called
 * __proto__ and one of no numbers; what they hold stands in format.test.ts. Base64.
 */
export const reference = [
  'uAMAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJub3RlIjoiw6kg4oiCIiwiX19wcm90b19fIjoidGV4dCJ9LCJ1aW50NjQiOnsiZHR5',
  'cGUiOiJVNjQiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlswLDhdfSwiaW50NjQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6',
  'WzJdLCJkYXRhX29mZnNldHMiOls4LDI0XX0sImZsb2F0NjQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0',
  'cyI6WzI0LDMyXX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlswLDRdLCJkYXRhX29mZnNldHMiOlszMiwzMl19LCJm',
  'bG9hdDMyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxLDNdLCJkYXRhX29mZnNldHMiOlszMiw0NF19LCJ1aW50MzIiOnsiZHR5',
  'cGUiOiJVMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls0NCw0OF19LCJfX3Byb3RvX18iOnsiZHR5cGUiOiJJMzIiLCJz',
  'aGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls0OCw1Ml19LCJpbnQzMiI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMV0sImRhdGFf',
  'b2Zmc2V0cyI6WzUyLDU2XX0sImJmbG9hdDE2Ijp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzU2',
  'LDYwXX0sImZsb2F0MTYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls2MCw2Nl19LCJ1aW50MTYi',
  'OnsiZHR5cGUiOiJVMTYiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls2Niw2OF19LCJpbnQxNiI6eyJkdHlwZSI6IkkxNiIs',
  'InNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzY4LDcwXX0sImludDgiOnsiZHR5cGUiOiJJOCIsInNoYXBlIjpbMV0sImRhdGFf',
  'b2Zmc2V0cyI6WzcwLDcxXX0sInVpbnQ4Ijp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls3MSw3NF19',
  'LCJib29sIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6Wzc0LDc3XX19BQAAAAAAAAD/////////',
  '/////38AAAAAmpmZmZmZuT8AAMA/AAAAwAAAUED/////CQAAAPn///+AP0nAADj/+wEA///9/wEA/wcBAAE=',
].join('')

/** The bytes of a text in base64. */
export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
