// SPDX-License-Identifier: Apache-2.0
// Pairs, their scores, and failures.
using System;
using System.Collections.Generic;
using System.Threading;

namespace Mgeo
{
    /// <summary>A call that failed; the message is the library's line.</summary>
    public class MgeoException : Exception
    {
        public MgeoException(Status status, string message) : base(message) { Status = status; }
        public Status Status { get; private set; }
    }

    /// <summary>A condition that the caller set refused it.</summary>
    public sealed class RefusedException : MgeoException
    {
        public RefusedException(string message, SwapReceipt receipt) : base(Status.Refused, message) { Receipt = receipt; }
        /// <summary>Of a swap: with the gate's figures and limits; else null.</summary>
        public SwapReceipt Receipt { get; private set; }
    }

    /// <summary>Two addresses to compare.</summary>
    public struct Pair
    {
        public readonly string A, B;
        public Pair(string a, string b)
        {
            A = a;
            B = b;
        }
    }

    public sealed class ScoreOptions
    {
        public bool Probabilities, Logits;
        /// <summary>While a canary runs, calls with the same key meet the same model; 0: the same pairs do.</summary>
        public ulong RouteKey;
    }

    /// <summary>One call's answers; row i of every array belongs to pair i.</summary>
    public sealed class Scores
    {
        /// <summary>0 to 1; NaN: no score, and the flags say why.</summary>
        public float[] Similarity { get; internal set; }
        /// <summary>Indices into ModelInfo.Labels; -1: no score.</summary>
        public int[] Label { get; internal set; }
        public RowFlags[] Flags { get; internal set; }
        /// <summary>[pair, label], or null if not asked for.</summary>
        public float[,] Probabilities { get; internal set; }
        public float[,] Logits { get; internal set; }
        /// <summary>The model that answered all of it.</summary>
        public ulong Generation { get; internal set; }
        public ulong Tokens { get; internal set; }
        public int LabelCount { get; internal set; }
        public int BadRows { get; internal set; }
    }

    /// <summary>One pair's answer.</summary>
    public struct SingleScore
    {
        public float Similarity;
        public int Label;
        public RowFlags Flags;
        public ulong Generation;
    }

    internal delegate Status ScoreCall(IntPtr pairs, UIntPtr count, ref ScoresRecord scores, out ErrorRecord error);

    internal static class Scorer
    {
        private const int MaxLabels = 16;

        internal static SingleScore One(ScoreCall call, string a, string b)
        {
            Scores all = Run(call, new[] { new Pair(a, b) }, null, CancellationToken.None);
            return new SingleScore
            {
                Similarity = all.Similarity[0],
                Label = all.Label[0],
                Flags = all.Flags[0],
                Generation = all.Generation
            };
        }

        internal static Scores Run(ScoreCall call, IReadOnlyList<Pair> pairs, ScoreOptions options, CancellationToken token)
        {
            options = options ?? new ScoreOptions();
            using (PairList list = new PairList(pairs)) return Run(call, list, options, token);
        }

        private static Scores Run(ScoreCall call, PairList list, ScoreOptions options, CancellationToken token)
        {
            int count = (int)list.Count;
            Scores made = new Scores
            {
                Similarity = new float[count],
                Label = new int[count],
                Flags = new RowFlags[count]
            };
            float[] probabilities = options.Probabilities ? new float[checked(count * MaxLabels)] : null;
            float[] logits = options.Logits ? new float[checked(count * MaxLabels)] : null;
            uint[] flags = new uint[count];
            using (Pinned pinned = new Pinned())
            using (Cancellation cancellation = new Cancellation(token))
            {
                ScoresRecord record = new ScoresRecord
                {
                    StructSize = (UIntPtr)System.Runtime.InteropServices.Marshal.SizeOf(typeof(ScoresRecord)),
                    Similarity = pinned.Pin(count == 0 ? new float[1] : made.Similarity),
                    Label = pinned.Pin(made.Label),
                    Flags = pinned.Pin(flags),
                    Probabilities = pinned.Pin(probabilities),
                    Logits = pinned.Pin(logits),
                    ProbabilityStride = (UIntPtr)MaxLabels,
                    RouteKey = options.RouteKey,
                    Progress = cancellation.Block
                };
                ErrorRecord error;
                Status status = call(list.Pairs, list.Count, ref record, out error);
                cancellation.Check(status, error);
                Fill(made, record);
            }
            for (int i = 0; i < count; i++) made.Flags[i] = (RowFlags)flags[i];
            made.Probabilities = Rows(probabilities, count, made.LabelCount);
            made.Logits = Rows(logits, count, made.LabelCount);
            return made;
        }

        private static void Fill(Scores made, ScoresRecord record)
        {
            made.Generation = record.Generation;
            made.Tokens = record.Tokens;
            made.LabelCount = (int)record.LabelCount;
            made.BadRows = (int)record.BadRows;
        }

        private static float[,] Rows(float[] floats, int count, int labels)
        {
            if (floats == null) return null;
            float[,] rows = new float[count, labels];
            for (int i = 0; i < count; i++)
            {
                for (int label = 0; label < labels; label++) rows[i, label] = floats[i * MaxLabels + label];
            }
            return rows;
        }
    }
}
