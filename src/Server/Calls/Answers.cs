using Charging.Miniprogram.V1;

namespace Charging.Server.Calls;

/// <summary>Turns what a domain call came to into the answer of an rpc method: the one place that fills the envelope.</summary>
public static class Answers
{
    /// <summary>Answers with a value.</summary>
    /// <param name="outcome">What the domain call came to.</param>
    /// <param name="fill">Puts the value into the answer; not called for a refusal.</param>
    /// <param name="message">The message of success where it is not 成功 (contract section 2).</param>
    public static async Task<TAnswer> AnswerAsync<TAnswer, T>(this Task<Result<T>> outcome, Action<TAnswer, T> fill, string? message = null)
        where TAnswer : class, IAnswer, new() => Fill(await outcome, fill, message);

    /// <summary>Answers with a value that needed no waiting.</summary>
    public static Task<TAnswer> AnswerAsync<TAnswer, T>(this Result<T> outcome, Action<TAnswer, T> fill, string? message = null)
        where TAnswer : class, IAnswer, new() => Task.FromResult(Fill(outcome, fill, message));

    /// <summary>Answers that it worked, or why not.</summary>
    public static async Task<TAnswer> AnswerAsync<TAnswer>(this Task<Result<Done>> outcome)
        where TAnswer : class, IAnswer, new() => Of<TAnswer>((await outcome).Code);

    /// <summary>An answer that carries a code and nothing else.</summary>
    public static TAnswer Of<TAnswer>(ResultCode code, string? message = null)
        where TAnswer : class, IAnswer, new() =>
        new() { Success = ReferenceEquals(code, ResultCode.Ok), Code = code.Code, Message = message ?? code.Message };

    private static TAnswer Fill<TAnswer, T>(Result<T> outcome, Action<TAnswer, T> fill, string? message)
        where TAnswer : class, IAnswer, new()
    {
        if (!outcome.IsOk)
            return Of<TAnswer>(outcome.Code);
        var answer = Of<TAnswer>(ResultCode.Ok, message);
        fill(answer, outcome.Value);
        return answer;
    }
}
