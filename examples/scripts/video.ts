// A video and a picture: uploaded once, then named in as many prompts as you like.
import { readFile } from 'node:fs/promises';
import { generateText, uploadFile } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

// On AI SDK 5 and 6, too: the file is read in pieces, and what was uploaded before is not sent again.
const video = await kimi.files.upload({ path: 'clip.mp4' });

// AI SDK 7's own words for it.
const picture = await uploadFile({ api: kimi, data: await readFile('kimi.png'), filename: 'kimi.png' });

const { text } = await generateText({
  model: kimi('kimi-for-coding'),
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Is the picture in the video?' },
        { type: 'file', mediaType: video.mediaType, data: new URL(video.reference) },
        { type: 'file', mediaType: 'image', data: { type: 'reference', reference: picture.providerReference } },
      ],
    },
  ],
});

console.log(text);
