// SPDX-License-Identifier: Apache-2.0
// The binding at work: mono MgeoTest.exe, with MGEO_MODELS set.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Mgeo;

internal static class MgeoTest
{
    private const int Count = 1000;
    private static readonly string Model = Environment.GetEnvironmentVariable("MGEO_MODELS") + "/mini";
    private static readonly Pair[] Pairs = MakePairs();
    private static readonly Pair[] Many = MakeMany();

    private static Pair[] MakePairs()
    {
        Pair[] made = new Pair[Count];
        for (int i = 0; i < Count; i++)
            made[i] = new Pair("杭州市西湖区文三路" + i + "号", "文三路" + (i % 3 == 0 ? i : i + 1) + "号");
        return made;
    }

    private static Pair[] MakeMany()
    {
        Pair[] made = new Pair[300000];
        for (int i = 0; i < made.Length; i++) made[i] = new Pair("杭州市西湖区文三路90号", "文三路90号");
        return made;
    }

    private static void Check(bool condition, string what)
    {
        if (!condition) throw new Exception("not true: " + what);
    }

    private static T Throws<T>(Action call) where T : Exception
    {
        try
        {
            call();
        }
        catch (T caught)
        {
            Check(caught.Message.Length > 0, "an exception has a message");
            return caught;
        }
        throw new Exception("no " + typeof(T).Name);
    }

    private static Status StatusOf(Action call) { return Throws<MgeoException>(call).Status; }

    private static Pair[] First(int count)
    {
        Pair[] some = new Pair[count];
        Array.Copy(Pairs, some, count);
        return some;
    }

    private static Engine Loaded()
    {
        Engine engine = new Engine();
        engine.Load(Model, new LoadOptions { Threads = 2, Version = "one" });
        return engine;
    }

    private static void WaitUntil(Func<bool> condition)
    {
        while (!condition()) Thread.Sleep(1);
    }

    private static void StructsAreAsLargeAsInC()
    {
        Assembly assembly = typeof(Engine).Assembly;
        FieldInfo[] sizes = assembly.GetType("Mgeo.NativeSizes").GetFields(BindingFlags.NonPublic | BindingFlags.Static);
        Check(sizes.Length > 15, "there are sizes");
        foreach (FieldInfo size in sizes)
        {
            int own = Marshal.SizeOf(assembly.GetType("Mgeo." + size.Name));
            Check(own == (int)size.GetRawConstantValue(), size.Name + " has " + own + " bytes");
        }
    }

    private static void Loads()
    {
        using (Engine engine = Loaded())
        {
            ModelInfo info = engine.GetInfo();
            Check(info.Generation == 1 && info.Live && info.Healthy && info.Version == "one", "info");
            Check(info.Precision == Precision.Fp32 && info.Slot == Slot.Blue && info.Path == Model, "info's enums");
            Check(info.Labels.Length == info.LabelCount && info.Labels[0].Length > 0, "labels");
            for (ulong i = 0; i < info.UnusedFields; i++) Check(engine.GetUnusedField(i).Name != "", "a field's name");
            for (ulong i = 0; i < info.UnusedTensors; i++) Check(engine.GetUnusedTensor(i) != "", "a tensor's name");
            Check(Engine.PredictMemory(Model, new LoadOptions { Threads = 2 }).Fits, "it fits");
            Check(Library.Version.Split('.').Length == 3 && Library.Describe(Status.Ok) == "ok", "texts");
        }
    }

    private static void ManyThreadsAnswerAsOneCall()
    {
        using (Engine engine = Loaded())
        {
            Scores all = engine.Score(Pairs);
            Check(all.Similarity.Length == Count && all.Generation == 1 && all.BadRows == 0, "one call");
            int equal = 0;
            Task[] tasks = new Task[8];
            for (int t = 0; t < tasks.Length; t++)
            {
                int first = t;
                tasks[t] = Task.Run(delegate
                {
                    for (int i = first; i < Count; i += tasks.Length)
                    {
                        SingleScore one = engine.Score(Pairs[i].A, Pairs[i].B);
                        if (one.Similarity == all.Similarity[i] && one.Label == all.Label[i] && one.Flags == all.Flags[i])
                            Interlocked.Increment(ref equal);
                    }
                });
            }
            Task.WaitAll(tasks);
            Check(equal == Count, "many threads");
            Scores async = engine.ScoreAsync(Pairs).Result;
            Check(async.Similarity[Count - 1] == all.Similarity[Count - 1], "async");
        }
    }

    private static void ProbabilitiesAndBadRows()
    {
        using (Engine engine = Loaded())
        {
            Pair[] pairs = { Pairs[0], new Pair("文三路", "") };
            Scores scores = engine.Score(pairs, new ScoreOptions { Probabilities = true, Logits = true });
            double sum = 0;
            for (int label = 0; label < scores.LabelCount; label++) sum += scores.Probabilities[0, label];
            Check(Math.Abs(sum - 1) < 1e-5 && scores.Logits.GetLength(1) == scores.LabelCount, "probabilities");
            Check(float.IsNaN(scores.Similarity[1]) && scores.Label[1] == -1, "a bad row");
            Check(scores.Flags[1] == RowFlags.Empty && scores.BadRows == 1, "its flags");
            Check(engine.Score(new Pair[0]).Similarity.Length == 0, "no pairs");
        }
    }

    private static void SwapsUnderLoadFailNoCall()
    {
        using (Engine engine = Loaded())
        {
            engine.Load(Model, new LoadOptions { Threads = 2, Version = "two" });
            Pair[] some = First(20);
            float[] expected = engine.Score(some).Similarity;
            bool stop = false;
            int calls = 0, failed = 0;
            Task[] callers = new Task[4];
            for (int t = 0; t < callers.Length; t++)
            {
                callers[t] = Task.Run(delegate
                {
                    while (!Volatile.Read(ref stop))
                    {
                        Scores answer = engine.Score(some);
                        bool sound = answer.Generation <= 2 && answer.Similarity[0] == expected[0];
                        if (!sound) Interlocked.Increment(ref failed);
                        Interlocked.Increment(ref calls);
                    }
                });
            }
            for (int i = 0; i < 10; i++)
            {
                int before = Volatile.Read(ref calls);
                WaitUntil(() => Volatile.Read(ref calls) > before + 8 || Array.Exists(callers, task => task.IsFaulted));
                SwapReceipt receipt = engine.Swap(new SwapOptions { Reason = "a test" });
                Check(receipt.FromGeneration + receipt.ToGeneration == 3, "a receipt");
            }
            engine.Swap();
            SwapReceipt back = engine.RollBack(new RollBackOptions { Reason = "a test" });
            Volatile.Write(ref stop, true);
            Task.WaitAll(callers);
            Check(back.ToGeneration == 1 && back.ToVersion == "one" && engine.GetInfo().Generation == 1, "rolled back");
            Check(failed == 0 && engine.GetInfo(Slot.Standby).Generation == 2, "no call failed");
        }
    }

    private static void ConditionsAreKept()
    {
        using (Engine engine = Loaded())
        {
            engine.Load(Model, new LoadOptions { Threads = 2 });
            Conditions hard = new Conditions { Gate = new Gate { MaxLatencyRatio = 1e-9 }, Pairs = First(50) };
            RefusedException refused = Throws<RefusedException>(() => engine.Swap(null, hard));
            Mgeo.Check refusedCheck = Array.Find(refused.Receipt.Checks, check => check.Name == "latency_ratio");
            Check(refusedCheck.Passed == 0 && refusedCheck.Limit == 1e-9, "the gate's figures");
            string[] gold = new string[50];
            gold[0] = engine.GetInfo().Labels[0];
            Conditions fair = new Conditions { Gate = new Gate { MaxFlipShare = -1 }, Pairs = First(50), Gold = gold };
            Check(engine.SwapAsync(null, fair).Result.ToGeneration == 2, "the gate lets pass");
            engine.RollBack();
            Comparison comparison = engine.Compare(Pairs, null, null, 2);
            Check(comparison.Report.Pairs == Count && comparison.Report.Flips == 0, "a comparison");
            Check(comparison.Worst.Length <= 2, "its worst pairs");
            engine.Swap(null, new Conditions { Watch = new Watch { WindowCalls = 2, MaxErrorRate = 0.5 } });
            for (int i = 0; i < 2; i++) engine.Score(Pairs[0].A, Pairs[0].B);
            WaitUntil(() => engine.GetWatch().State != WatchState.Running);
            Check(engine.GetWatch().State == WatchState.Passed, "the watch passed");
            engine.Unload();
            Check(engine.GetRollout().StandbyGeneration == 0, "unloaded");
        }
    }

    private static void CanaryAndShadow()
    {
        using (Engine engine = Loaded())
        {
            engine.Load(Model, new LoadOptions { Threads = 2 });
            engine.SetCanary(10000);
            Check(engine.Score(Pairs).Generation == 2 && engine.GetRollout().CanaryShare == 10000, "canary");
            engine.SetCanary(0);
            engine.SetShadow(10000);
            Check(engine.Score(First(2)).Generation == 1, "shadow answers nothing");
            WaitUntil(() => engine.GetShadow().Compared + engine.GetShadow().Dropped == 2);
            engine.SetShadow(0);
            Pair pair;
            if (engine.GetShadow().Compared > 0)
            {
                engine.GetShadowPair(0, out pair);
                Check(pair.A.StartsWith("杭州", StringComparison.Ordinal), "a shadow pair");
            }
        }
    }

    private static void JobsKeepTheirModel()
    {
        Engine engine = Loaded();
        engine.Load(Model, new LoadOptions { Threads = 2, Version = "two" });
        Job job = engine.BeginJob();
        engine.Swap();
        Check(job.Score(Pairs).Generation == 1 && engine.Score(Pairs).Generation == 2, "a job's model");
        Check(job.GetInfo().Version == "one" && engine.GetRollout().Jobs == 1, "a job's info");
        engine.Dispose(); // the job keeps it
        Check(job.Score(Pairs[0].A, Pairs[0].B).Generation == 1, "a job after its engine's Dispose");
        job.Dispose();
        Throws<ObjectDisposedException>(() => job.Score("a", "b"));
        Throws<ObjectDisposedException>(() => engine.Score("a", "b"));
    }

    private static void TokensCancel()
    {
        using (Engine engine = Loaded())
        using (CancellationTokenSource source = new CancellationTokenSource())
        {
            Task<Scores> call = engine.ScoreAsync(Many, null, source.Token);
            WaitUntil(() => engine.GetStats().CallsInFlight == 1);
            source.Cancel();
            AggregateException failure = Throws<AggregateException>(() => call.Wait());
            Check(failure.InnerException is OperationCanceledException && call.IsCanceled, "a task is cancelled");
            Throws<OperationCanceledException>(() => engine.Load(Model, null, source.Token));
            Throws<OperationCanceledException>(() => engine.Score(Pairs, null, source.Token));
        }
    }

    private static void FailuresAreExceptions()
    {
        using (Engine engine = new Engine())
        {
            Check(StatusOf(() => engine.Score("a", "b")) == Status.NoModel, "no model");
            Check(StatusOf(() => engine.Load("/nowhere")) == Status.Io, "no folder");
            Check(Throws<MgeoException>(() => engine.Load("/nowhere/北京")).Message.Contains("/nowhere/北京"), "UTF-8");
            Check(StatusOf(() => engine.Load(Model, new LoadOptions { Device = "abacus" })) == Status.Argument, "device");
            Check(StatusOf(() => engine.GetInfo((Slot)9)) == Status.Argument, "slot");
            engine.Load(Model);
            Throws<ArgumentException>(() => engine.Score(new[] { new Pair("a", null) }));
            engine.Load(Model);
            SwapOptions other = new SwapOptions { ExpectGeneration = 77 };
            Check(Throws<RefusedException>(() => engine.Swap(other)).Status == Status.Refused, "refused");
        }
    }

    private static LogListener Tell(List<string> lines)
    {
        return delegate(LogLevel level, string line)
        {
            lock (lines) lines.Add(line);
            throw new InvalidOperationException("what a listener throws is dropped");
        };
    }

    private static void MetricsJournalAndLog()
    {
        string path = Path.GetTempFileName();
        File.Delete(path);
        List<string> lines = new List<string>();
        EngineOptions options = new EngineOptions { Journal = path, Actor = "MgeoTest" };
        using (Engine engine = new Engine(options, Tell(lines)))
        {
            engine.Load(Model, new LoadOptions { Threads = 1, Reason = "试验" });
            engine.Score(Pairs);
            Check(engine.GetMetrics().EndsWith("# EOF\n", StringComparison.Ordinal), "metrics");
            Check(!engine.GetMetrics(MetricsFormat.Prometheus).Contains("# EOF"), "Prometheus");
            Check(engine.GetStats().Pairs == Count && engine.GetStats().FailedBy.Length == 16, "stats");
        }
        Check(lines.Count > 0, "the log has lines");
        Check(File.ReadAllText(path).Contains("试验"), "the journal has the reason");
        bool valid;
        JournalReport report = Library.VerifyJournal(path, out valid);
        Check(valid && report.Lines > 0 && report.LastHash.Length == 64, "the journal is valid");
        using (FileStream file = File.OpenWrite(path)) file.WriteByte((byte)'[');
        report = Library.VerifyJournal(path, out valid);
        Check(!valid && report.BadLine == 1 && report.Reason.Length > 0, "the journal was edited");
        File.Delete(path);
        File.Delete(path + ".head");
    }

    // A list whose length is another one whenever it is asked for.
    private sealed class Growing : IReadOnlyList<Pair>
    {
        private int asked;
        public int Count { get { return 1 << Math.Min(++asked, 12); } }
        public Pair this[int index] { get { return Pairs[index % MgeoTest.Count]; } }
        public IEnumerator<Pair> GetEnumerator() { throw new NotSupportedException(); }
        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() { return GetEnumerator(); }
    }

    private static void HostileArguments()
    {
        bool valid;
        using (Engine engine = Loaded())
        {
            engine.Load(Model, new LoadOptions { Threads = 2 });
            Check(StatusOf(() => engine.Load(Model + "\0there")) == Status.Argument, "a path with NUL");
            Check(StatusOf(() => engine.Load(Model, new LoadOptions { Version = "a\0b" })) == Status.Argument, "a version");
            Check(StatusOf(() => Engine.PredictMemory(Model + "\0")) == Status.Argument, "a path to predict");
            Check(StatusOf(() => Library.VerifyJournal("a\0b", out valid)) == Status.Argument, "a journal");
            Check(StatusOf(() => new Engine(new EngineOptions { Actor = "a\0b" })) == Status.Argument, "an actor");
            Check(StatusOf(() => engine.RollBack(new RollBackOptions { Reason = "a\0" })) == Status.Argument, "a reason");
            Check(StatusOf(() => engine.Load(Model, new LoadOptions { PartialWeight = float.NaN })) == Status.Argument, "NaN");
            Check(StatusOf(() => engine.Load(Model, new LoadOptions { Threads = uint.MaxValue })) == Status.Argument, "threads");
            Check(StatusOf(() => engine.SetCanary(uint.MaxValue)) == Status.Argument, "a share");
            Throws<ArgumentOutOfRangeException>(() => engine.Compare(First(5), null, null, -1));
            Check(engine.Compare(First(5), null, null, int.MaxValue).Worst.Length <= 5, "room for shifts");
            Throws<ArgumentNullException>(() => engine.Score(null));
            Throws<ArgumentException>(() => engine.Score(new Pair[1]));
            Scores grown = engine.Score(new Growing(), new ScoreOptions { Probabilities = true });
            Check(grown.Similarity.Length == grown.Flags.Length && grown.BadRows == 0, "one length");
            Pair[] odd = { new Pair("文三路\ud83c号", "文三路"), new Pair("文三路\ud83c\udf0d", "文三路"), new Pair("a\0b", "a") };
            Scores scores = engine.Score(odd);
            Check(scores.Flags[0] == RowFlags.InvalidUtf8 && scores.BadRows == 1, "half a surrogate pair");
            Check(engine.Score(new string('文', 350000), "文三路").Flags.HasFlag(RowFlags.Truncated), "a long text");
        }
    }

    // In a process that is not told where the library is: unless the system knows one, a line says what to do.
    private static void ALibraryThatIsMissing()
    {
        ProcessStartInfo start = new ProcessStartInfo("mono", "\"" + Assembly.GetExecutingAssembly().Location + "\" missing");
        start.UseShellExecute = false;
        start.EnvironmentVariables.Remove("LD_LIBRARY_PATH");
        using (Process process = Process.Start(start))
        {
            process.WaitForExit();
            Check(process.ExitCode == 0, "a missing library is told");
        }
    }

    private static int WithoutLibrary()
    {
        try
        {
            using (new Engine()) return 0;
        }
        catch (DllNotFoundException missing)
        {
            return missing.Message.Contains("LD_LIBRARY_PATH") && !missing.Message.Contains("\n") ? 0 : 1;
        }
    }

    private static int Main(string[] arguments)
    {
        if (arguments.Length > 0) return WithoutLibrary();
        Action[] tests = { StructsAreAsLargeAsInC, Loads, ManyThreadsAnswerAsOneCall, ProbabilitiesAndBadRows,
                           SwapsUnderLoadFailNoCall, ConditionsAreKept, CanaryAndShadow, JobsKeepTheirModel, TokensCancel,
                           FailuresAreExceptions, ALibraryThatIsMissing, HostileArguments, MetricsJournalAndLog };
        foreach (Action test in tests)
        {
            Console.WriteLine(test.Method.Name);
            test();
        }
        return 0;
    }
}
