// The page Digits: a network learns handwriting before one's eyes, and reads what one draws.
import './digits.css'
import { takeDropped } from '../page/choose.ts'
import { mount, PAGES, Shell } from '../page/shell.tsx'
import { Drawing } from './drawing.tsx'
import { Form } from './form.tsx'
import { ConfusionMatrix, FirstLayer, MostWrong } from './results.tsx'
import { look, takeFiles } from './session.ts'
import { Training } from './training.tsx'

mount(
  <Shell current="digits" title={PAGES.digits.title} lead={PAGES.digits.says}>
    <div class="grid even">
      <Training />
      <Drawing />
      <Form />
      <ConfusionMatrix />
      <MostWrong />
      <FirstLayer />
    </div>
  </Shell>,
)

void look()
takeDropped(takeFiles)
