// SPDX-License-Identifier: Apache-2.0
// libmgeo for C#: engines and jobs; README.md shows them at work.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Mgeo
{
    /// <summary>Receives a line of the log, from any thread; must not call the library, but may dispose of the engine.
    /// What it throws is dropped. A watch tells its end from a thread of the library's: Mono 6.8 then does not exit while
    /// that engine is there.</summary>
    public delegate void LogListener(LogLevel level, string line);

    /// <summary>Two slots for models, one of them live. Any thread may call it.</summary>
    public sealed class Engine : IDisposable
    {
        private readonly EngineHandle handle;

        public Engine() : this(null) { }

        public Engine(EngineOptions options, LogListener listener = null)
        {
            IntPtr made;
            ErrorRecord error;
            Library.MustBeThere();
            EngineOptions own = Text.Whole(options ?? new EngineOptions()).Copy();
            Log log = listener == null ? null : new Log(listener);
            if (log != null) own.LogPointer = log.Pointer;
            Status status = Native.mgeo_engine_create(own, out made, out error);
            if (status != Status.Ok && log != null) log.Free();
            Check(status, error);
            handle = new EngineHandle(made, log);
        }

        /// <summary>Calls of other threads that run, and jobs, end first.</summary>
        public void Dispose() { handle.Dispose(); }

        internal static void Check(Status status, ErrorRecord error)
        {
            using (Cancellation none = new Cancellation(CancellationToken.None)) none.Check(status, error);
        }

        // ---- Loading

        /// <summary>path: a model directory; null: the bundled model.</summary>
        public ModelInfo Load(string path = null, LoadOptions options = null,
                              CancellationToken token = default(CancellationToken))
        {
            ModelInfo info = new ModelInfo();
            using (Cancellation cancellation = new Cancellation(token))
            {
                ErrorRecord error;
                LoadOptions own = Text.Whole(options ?? new LoadOptions()).Copy();
                own.ProgressPointer = cancellation.Block;
                Status status = Native.mgeo_load(handle, Text.Whole(path, "path"), own, info, out error);
                cancellation.Check(status, error);
            }
            return info;
        }

        public Task<ModelInfo> LoadAsync(string path = null, LoadOptions options = null,
                                         CancellationToken token = default(CancellationToken))
        {
            return Task.Run(() => Load(path, options, token), token);
        }

        public void Unload()
        {
            ErrorRecord error;
            Check(Native.mgeo_unload(handle, out error), error);
        }

        public static Memory PredictMemory(string path = null, LoadOptions options = null)
        {
            ErrorRecord error;
            Library.MustBeThere();
            Memory memory = new Memory();
            Check(Native.mgeo_predict_memory(Text.Whole(path, "path"), Text.Whole(options), memory, out error), error);
            return memory;
        }

        // ---- Scoring

        private Status Call(IntPtr pairs, UIntPtr count, ref ScoresRecord scores, out ErrorRecord error)
        {
            return Native.mgeo_score(handle, pairs, count, ref scores, out error);
        }

        public SingleScore Score(string a, string b) { return Scorer.One(Call, a, b); }

        public Scores Score(IReadOnlyList<Pair> pairs, ScoreOptions options = null,
                            CancellationToken token = default(CancellationToken))
        {
            return Scorer.Run(Call, pairs, options, token);
        }

        /// <summary>On a thread of the pool.</summary>
        public Task<Scores> ScoreAsync(IReadOnlyList<Pair> pairs, ScoreOptions options = null,
                                       CancellationToken token = default(CancellationToken))
        {
            return Task.Run(() => Score(pairs, options, token), token);
        }

        /// <summary>One model for many calls.</summary>
        public Job BeginJob(JobOptions options = null)
        {
            IntPtr job;
            ErrorRecord error;
            bool kept = false;
            handle.DangerousAddRef(ref kept);
            Status status = Native.mgeo_job_begin(handle, options, out job, out error);
            if (status != Status.Ok) handle.DangerousRelease();
            Check(status, error);
            return new Job(new JobHandle(job, handle));
        }

        // ---- Rolling out

        /// <summary>gold: the true labels, null for those that are not known; or null.</summary>
        public Comparison Compare(IReadOnlyList<Pair> pairs, IReadOnlyList<string> gold = null,
                                  CompareOptions options = null, int worst = 16,
                                  CancellationToken token = default(CancellationToken))
        {
            Shift[] shifts;
            CompareReport report = new CompareReport();
            if (worst < 0) throw new ArgumentOutOfRangeException("worst", "0 or more");
            using (PairList list = new PairList(pairs))
            using (Pinned pinned = new Pinned())
            using (Cancellation cancellation = new Cancellation(token))
            {
                ErrorRecord error;
                int count = (int)list.Count;
                shifts = new Shift[Math.Min(worst, count)];
                CompareOptions own = Text.Whole(options ?? new CompareOptions()).Copy();
                own.PairsPointer = list.Pairs;
                own.CountSize = list.Count;
                own.GoldPointer = Gold(gold, count, pinned);
                own.ProgressPointer = cancellation.Block;
                report.WorstPointer = pinned.Pin(shifts);
                report.WorstCapacitySize = (UIntPtr)shifts.Length;
                cancellation.Check(Native.mgeo_compare(handle, own, report, out error), error);
            }
            report.WorstPointer = IntPtr.Zero;
            return new Comparison(report, Text.First(shifts, (int)report.WorstCountSize));
        }

        private static IntPtr Gold(IReadOnlyList<string> gold, int count, Pinned pinned)
        {
            if (gold == null) return IntPtr.Zero;
            if (gold.Count != count) throw new ArgumentException("one label or null for each pair", "gold");
            IntPtr[] names = new IntPtr[count];
            for (int i = 0; i < count; i++) names[i] = pinned.Utf8(gold[i]);
            return pinned.Pin(names);
        }

        /// <summary>Without conditions at once. RefusedException has the receipt of a swap that was refused.</summary>
        public SwapReceipt Swap(SwapOptions options = null, Conditions conditions = null,
                                CancellationToken token = default(CancellationToken))
        {
            SwapReceipt receipt = new SwapReceipt();
            Conditions set = conditions ?? new Conditions();
            using (PairList list = new PairList(set.Pairs ?? new Pair[0]))
            using (Pinned pinned = new Pinned())
            using (Cancellation cancellation = new Cancellation(token))
            {
                ErrorRecord error;
                SwapOptions own = Text.Whole(options ?? new SwapOptions()).Copy();
                if (set.Gate != null)
                {
                    Gate gate = set.Gate.Copy();
                    gate.PairsPointer = list.Pairs;
                    gate.CountSize = list.Count;
                    gate.GoldPointer = Gold(set.Gold, (int)list.Count, pinned);
                    gate.ProgressPointer = cancellation.Block;
                    own.GatePointer = pinned.Copy(gate);
                }
                own.WatchPointer = pinned.Copy(set.Watch);
                cancellation.Check(Native.mgeo_swap_model(handle, own, receipt, out error), error, receipt);
            }
            return receipt;
        }

        public Task<SwapReceipt> SwapAsync(SwapOptions options = null, Conditions conditions = null,
                                           CancellationToken token = default(CancellationToken))
        {
            return Task.Run(() => Swap(options, conditions, token), token);
        }

        public SwapReceipt RollBack(RollBackOptions options = null)
        {
            ErrorRecord error;
            SwapReceipt receipt = new SwapReceipt();
            Check(Native.mgeo_roll_back(handle, Text.Whole(options), receipt, out error), error);
            return receipt;
        }

        public WatchReport GetWatch()
        {
            ErrorRecord error;
            WatchReport report = new WatchReport();
            Check(Native.mgeo_get_watch(handle, report, out error), error);
            return report;
        }

        /// <summary>Shares are in 1/10,000.</summary>
        public void SetCanary(uint share, CanaryOptions options = null, Watch watch = null)
        {
            using (Pinned pinned = new Pinned())
            {
                ErrorRecord error;
                CanaryOptions own = Text.Whole(options ?? new CanaryOptions()).Copy();
                own.WatchPointer = pinned.Copy(watch);
                Check(Native.mgeo_set_canary(handle, share, own, out error), error);
            }
        }

        public void SetShadow(uint share, ShadowOptions options = null)
        {
            ErrorRecord error;
            Check(Native.mgeo_set_shadow(handle, share, Text.Whole(options), out error), error);
        }

        public ShadowReport GetShadow()
        {
            ErrorRecord error;
            ShadowReport report = new ShadowReport();
            Check(Native.mgeo_get_shadow(handle, report, out error), error);
            return report;
        }

        /// <summary>The pair with the largest shift has rank 0.</summary>
        public Shift GetShadowPair(uint rank, out Pair pair)
        {
            Shift shift;
            ErrorRecord error;
            byte[] a = new byte[1024], b = new byte[1024];
            Status status = Native.mgeo_get_shadow_pair(handle, rank, out shift, a, (UIntPtr)a.Length, b,
                                                        (UIntPtr)b.Length, out error);
            Check(status, error);
            pair = new Pair(Text.Of(a), Text.Of(b));
            return shift;
        }

        // ---- Queries

        public ModelInfo GetInfo(Slot slot = Slot.Live)
        {
            ErrorRecord error;
            ModelInfo info = new ModelInfo();
            Check(Native.mgeo_get_info(handle, slot, info, out error), error);
            return info;
        }

        public Stats GetStats(Slot slot = Slot.Live)
        {
            ErrorRecord error;
            Stats stats = new Stats();
            Check(Native.mgeo_get_stats(handle, slot, stats, out error), error);
            return stats;
        }

        public Rollout GetRollout()
        {
            ErrorRecord error;
            Rollout rollout = new Rollout();
            Check(Native.mgeo_get_rollout(handle, rollout, out error), error);
            return rollout;
        }

        public UnusedField GetUnusedField(ulong index, Slot slot = Slot.Live)
        {
            ErrorRecord error;
            UnusedField field = new UnusedField();
            Check(Native.mgeo_get_unused_field(handle, slot, index, field, out error), error);
            return field;
        }

        public string GetUnusedTensor(ulong index, Slot slot = Slot.Live)
        {
            ErrorRecord error;
            byte[] name = new byte[1024];
            Check(Native.mgeo_get_unused_tensor(handle, slot, index, name, (UIntPtr)name.Length, out error), error);
            return Text.Of(name);
        }

        public string GetMetrics(MetricsFormat format = MetricsFormat.Openmetrics)
        {
            byte[] text = new byte[16384];
            while (true) // it may grow between two calls
            {
                UIntPtr length;
                ErrorRecord error;
                Status status = Native.mgeo_write_metrics(handle, format, text, (UIntPtr)text.Length, out length, out error);
                if (status == Status.Ok) return Text.Of(text);
                if (status != Status.Capacity) Check(status, error);
                text = new byte[(int)length + 4096];
            }
        }
    }

    /// <summary>One model for many calls, whatever is swapped meanwhile.</summary>
    public sealed class Job : IDisposable
    {
        private readonly JobHandle handle;

        internal Job(JobHandle owned) { handle = owned; }

        public void Dispose() { handle.Dispose(); }

        private Status Call(IntPtr pairs, UIntPtr count, ref ScoresRecord scores, out ErrorRecord error)
        {
            return Native.mgeo_job_score(handle, pairs, count, ref scores, out error);
        }

        public SingleScore Score(string a, string b) { return Scorer.One(Call, a, b); }

        public Scores Score(IReadOnlyList<Pair> pairs, ScoreOptions options = null,
                            CancellationToken token = default(CancellationToken))
        {
            return Scorer.Run(Call, pairs, options, token);
        }

        public ModelInfo GetInfo()
        {
            ErrorRecord error;
            ModelInfo info = new ModelInfo();
            Engine.Check(Native.mgeo_job_get_info(handle, info, out error), error);
            return info;
        }
    }

    /// <summary>What needs no engine.</summary>
    public static class Library
    {
        public static string Version
        {
            get
            {
                MustBeThere();
                return Text.Of(Native.mgeo_version());
            }
        }

        internal static void MustBeThere()
        {
            try
            {
                Native.mgeo_version();
            }
            catch (DllNotFoundException missing)
            {
                throw new DllNotFoundException("libmgeo.so.0 was not found; install libmgeo, or name its folder in" +
                                               " LD_LIBRARY_PATH", missing);
            }
        }

        public static string Describe(Status status) { return Text.Of(Native.mgeo_status_text(status)); }

        /// <summary>A journal that is not valid is an answer: `valid` and the report's Reason say so.</summary>
        public static JournalReport VerifyJournal(string path, out bool valid)
        {
            ErrorRecord error;
            MustBeThere();
            JournalReport report = new JournalReport();
            Status status = Native.mgeo_journal_verify(Text.Whole(path, "path"), report, out error);
            if (status != Status.Format) Engine.Check(status, error);
            valid = status == Status.Ok;
            return report;
        }
    }

    /// <summary>Both models on the same pairs.</summary>
    public sealed class Comparison
    {
        internal Comparison(CompareReport report, Shift[] worst)
        {
            Report = report;
            Worst = worst;
        }

        public CompareReport Report { get; private set; }
        /// <summary>Largest shift first.</summary>
        public Shift[] Worst { get; private set; }
    }

    /// <summary>What a swap asks of the new model: before, on these pairs (Gate), and afterwards (Watch).</summary>
    public sealed class Conditions
    {
        public Gate Gate { get; set; }
        public IReadOnlyList<Pair> Pairs { get; set; }
        /// <summary>The pairs' true labels, null for those that are not known; or null.</summary>
        public IReadOnlyList<string> Gold { get; set; }
        public Watch Watch { get; set; }
    }
}
