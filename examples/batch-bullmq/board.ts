import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';
import { connect, openQueue } from './redis.ts';

const port = Number(process.env.PORT ?? 3000);
const serverAdapter = new ExpressAdapter();
createBullBoard({ queues: [new BullMQAdapter(openQueue(connect()))], serverAdapter });
// The board shows prompts and has no password: only this machine. From elsewhere: ssh -L 3000:127.0.0.1:3000 <machine>
const server = express()
  .use('/', serverAdapter.getRouter() as express.Router)
  .listen(port, '127.0.0.1', error => {
    const address = server.address();
    console.log(error?.message ?? `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`);
    process.exitCode = error ? 1 : 0;
  });
