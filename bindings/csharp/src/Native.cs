// SPDX-License-Identifier: Apache-2.0
// What stands between C# and the library: handles, texts, pinned arrays, cancellation.
using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Mgeo
{
    /// <summary>Calls that run keep the engine: it is destroyed once they and its jobs have ended.</summary>
    internal sealed class EngineHandle : SafeHandle
    {
        private readonly Log log;

        internal EngineHandle(IntPtr owned, Log kept) : base(IntPtr.Zero, true)
        {
            log = kept;
            SetHandle(owned);
        }

        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }

        protected override bool ReleaseHandle()
        {
            IntPtr engine = handle;
            Log last = log;
            // A thread of the engine's own that tells the log cannot wait for its own end.
            if (Log.IsTelling) ThreadPool.QueueUserWorkItem(delegate { Destroy(engine, last); });
            else Destroy(engine, last);
            return true;
        }

        private static void Destroy(IntPtr engine, Log last)
        {
            Native.mgeo_engine_destroy(engine);
            if (last != null) last.Free();
        }
    }

    /// <summary>A listener that the library calls until it is freed, after its engine.</summary>
    internal sealed class Log
    {
        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void LogFunction(IntPtr user, LogLevel level, IntPtr line);

        [ThreadStatic] private static bool telling;

        private readonly LogListener listener;
        private readonly GCHandle function; // of the library's, not of any object that may be collected
        internal readonly IntPtr Pointer;

        internal Log(LogListener listener)
        {
            this.listener = listener;
            LogFunction tell = Tell;
            function = GCHandle.Alloc(tell);
            Pointer = Marshal.GetFunctionPointerForDelegate(tell);
        }

        internal static bool IsTelling { get { return telling; } }

        private void Tell(IntPtr user, LogLevel level, IntPtr line)
        {
            bool before = telling;
            telling = true;
            try
            {
                listener(level, Text.Of(line));
            }
            catch (Exception)
            {
                // Must not unwind through the library, which holds locks here.
            }
            telling = before;
        }

        internal void Free() { function.Free(); }
    }

    internal sealed class JobHandle : SafeHandle
    {
        private readonly EngineHandle engine;

        /// <summary>The engine has been kept for it by DangerousAddRef.</summary>
        internal JobHandle(IntPtr owned, EngineHandle kept) : base(IntPtr.Zero, true)
        {
            engine = kept;
            SetHandle(owned);
        }

        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }

        protected override bool ReleaseHandle()
        {
            Native.mgeo_job_end(handle);
            engine.DangerousRelease();
            return true;
        }
    }

    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Ansi)]
    internal struct ErrorRecord
    {
        public int Status;
        [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 508)] public string Message;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PairRecord
    {
        public IntPtr A;
        public UIntPtr ALength;
        public IntPtr B;
        public UIntPtr BLength;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ScoresRecord
    {
        public UIntPtr StructSize;
        public IntPtr Similarity, Label, Probabilities;
        public UIntPtr ProbabilityStride;
        public IntPtr Flags, Progress;
        public ulong Generation, Tokens;
        public uint LabelCount, BadRows;
        public ulong RouteKey;
        public IntPtr Logits;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ArrowOptionsRecord
    {
        public UIntPtr StructSize;
        public IntPtr A, B;
        public uint Columns;
        public ulong RouteKey;
        public IntPtr Job, Progress;
    }

    internal static class Text
    {
        internal static string Of(IntPtr text)
        {
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0) length++;
            byte[] bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>A text that C sees whole, or null.</summary>
        internal static string Whole(string text, string name)
        {
            if (text != null && text.IndexOf('\0') >= 0)
                throw new MgeoException(Status.Argument, name + " has a NUL character; leave it out");
            return text;
        }

        /// <summary>Options whose texts are all whole.</summary>
        internal static T Whole<T>(T options) where T : class
        {
            if (options == null) return null;
            foreach (FieldInfo field in typeof(T).GetFields())
                if (field.FieldType == typeof(string)) Whole((string)field.GetValue(options), field.Name);
            return options;
        }

        internal static string Of(byte[] bytes, int from = 0)
        {
            return Encoding.UTF8.GetString(bytes, from, Array.IndexOf(bytes, (byte)0, from) - from);
        }

        internal static string[] Rows(byte[] bytes, int width, int count)
        {
            string[] rows = new string[bytes == null ? 0 : count];
            for (int i = 0; i < rows.Length; i++) rows[i] = Of(bytes, i * width);
            return rows;
        }

        internal static T[] First<T>(T[] all, int count)
        {
            T[] some = new T[all == null ? 0 : count];
            if (all != null) Array.Copy(all, some, count);
            return some;
        }
    }

    /// <summary>Memory that does not move, until it is disposed of.</summary>
    internal sealed class Pinned : IDisposable
    {
        private readonly List<GCHandle> handles = new List<GCHandle>();
        private readonly List<IntPtr> allocated = new List<IntPtr>();

        internal IntPtr Pin(Array array)
        {
            if (array == null || array.Length == 0) return IntPtr.Zero;
            GCHandle made = GCHandle.Alloc(array, GCHandleType.Pinned);
            handles.Add(made);
            return made.AddrOfPinnedObject();
        }

        internal IntPtr Utf8(string text)
        {
            return text == null ? IntPtr.Zero : Pin(Encoding.UTF8.GetBytes(Text.Whole(text, "gold") + "\0"));
        }

        /// <summary>A struct without texts, as the library reads it.</summary>
        internal IntPtr Copy<T>(T of) where T : class
        {
            if (of == null) return IntPtr.Zero;
            IntPtr memory = Marshal.AllocHGlobal(Marshal.SizeOf(typeof(T)));
            allocated.Add(memory);
            Marshal.StructureToPtr(of, memory, false);
            return memory;
        }

        public void Dispose()
        {
            foreach (GCHandle handle in handles) handle.Free();
            foreach (IntPtr memory in allocated) Marshal.FreeHGlobal(memory);
            handles.Clear();
            allocated.Clear();
        }
    }

    /// <summary>Pairs in UTF-8, in one array of bytes.</summary>
    internal sealed class PairList : IDisposable
    {
        private readonly Pinned pinned = new Pinned();
        internal readonly IntPtr Pairs;
        internal readonly UIntPtr Count;

        internal PairList(IReadOnlyList<Pair> given)
        {
            Pair[] pairs = Snapshot(given);
            PairRecord[] records = new PairRecord[pairs.Length];
            byte[] bytes = new byte[Measure(pairs) + 1];
            IntPtr start = pinned.Pin(bytes);
            int end = 0;
            for (int i = 0; i < records.Length; i++)
            {
                records[i].A = IntPtr.Add(start, end);
                records[i].ALength = Append(pairs[i].A, bytes, ref end);
                records[i].B = IntPtr.Add(start, end);
                records[i].BLength = Append(pairs[i].B, bytes, ref end);
            }
            Pairs = pinned.Pin(records);
            Count = (UIntPtr)records.Length;
        }

        /// <summary>The caller's list may change meanwhile.</summary>
        private static Pair[] Snapshot(IReadOnlyList<Pair> given)
        {
            if (given == null) throw new ArgumentNullException("pairs");
            Pair[] pairs = new Pair[given.Count];
            for (int i = 0; i < pairs.Length; i++) pairs[i] = given[i];
            return pairs;
        }

        private static int Measure(Pair[] pairs)
        {
            long bytes = 0;
            for (int i = 0; i < pairs.Length; i++)
            {
                if (pairs[i].A == null || pairs[i].B == null)
                    throw new ArgumentException("pair " + i + ": both texts must be there", "pairs");
                bytes += Encoding.UTF8.GetByteCount(pairs[i].A) + Encoding.UTF8.GetByteCount(pairs[i].B);
            }
            if (bytes >= int.MaxValue) throw new ArgumentException("more than 2 GB of texts: score them in parts", "pairs");
            return (int)bytes;
        }

        private static readonly Encoding Strict = new UTF8Encoding(false, true);

        private static UIntPtr Append(string text, byte[] bytes, ref int end)
        {
            int start = end;
            try
            {
                end += Strict.GetBytes(text, 0, text.Length, bytes, end);
            }
            catch (EncoderFallbackException)
            {
                AppendUnits(text, bytes, ref end);
            }
            return (UIntPtr)(end - start);
        }

        /// <summary>Half a surrogate pair as its three bytes, which make the row one of RowFlags.InvalidUtf8; a
        /// replacement character would be scored, and takes three bytes too.</summary>
        private static void AppendUnits(string text, byte[] bytes, ref int end)
        {
            for (int i = 0; i < text.Length; i++)
            {
                if (char.IsSurrogatePair(text, i))
                {
                    end += Strict.GetBytes(text, i++, 2, bytes, end);
                }
                else if (!char.IsSurrogate(text[i]))
                {
                    end += Strict.GetBytes(text, i, 1, bytes, end);
                }
                else
                {
                    bytes[end++] = (byte)(0xE0 | text[i] >> 12);
                    bytes[end++] = (byte)(0x80 | (text[i] >> 6 & 0x3F));
                    bytes[end++] = (byte)(0x80 | (text[i] & 0x3F));
                }
            }
        }

        public void Dispose() { pinned.Dispose(); }
    }

    /// <summary>A block of the library's through which a token cancels a call.</summary>
    internal sealed class Cancellation : IDisposable
    {
        internal readonly IntPtr Block;
        private readonly CancellationToken token;
        private readonly CancellationTokenRegistration registration;

        internal Cancellation(CancellationToken token)
        {
            this.token = token;
            if (!token.CanBeCanceled) return;
            Block = Marshal.AllocHGlobal(64);
            Marshal.Copy(new byte[64], 0, Block, 64);
            IntPtr block = Block;
            registration = token.Register(delegate { Native.mgeo_progress_cancel(block); });
        }

        /// <summary>Throws if the call failed.</summary>
        internal void Check(Status status, ErrorRecord error, SwapReceipt receipt = null)
        {
            if (status == Status.Ok) return;
            if (status == Status.Cancelled && token.IsCancellationRequested)
                throw new OperationCanceledException(error.Message, token);
            if (status == Status.Refused) throw new RefusedException(error.Message, receipt);
            throw new MgeoException(status, error.Message);
        }

        public void Dispose()
        {
            registration.Dispose(); // waits for a callback that runs
            if (Block != IntPtr.Zero) Marshal.FreeHGlobal(Block);
        }
    }
}
