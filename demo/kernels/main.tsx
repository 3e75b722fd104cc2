// The kernels page: every kernel verified on the visitor's own GPU, timed if asked for, and a card of what was found.
import './kernels.css'
import { mount, PAGES, Shell } from '../page/shell.tsx'
import { GpuCard } from './gpu_card.tsx'
import { start } from './state.ts'
import { Table } from './table.tsx'
import { Timing } from './timing.tsx'
import { Verification } from './verification.tsx'

mount(
  <Shell current="kernels" title={PAGES.kernels.title} lead={PAGES.kernels.says}>
    <div class="stack">
      <GpuCard />
      <Verification />
      <Timing />
      <Table />
    </div>
  </Shell>,
)
void start()
