using Charging.Server.Calls;

namespace Charging.Server.Accounts.Sms;

/// <summary>
/// Sends one request to an SMS provider, once: a message that was perhaps taken is never sent a second time. Neither the
/// request nor the answer gets into an exception, because both can hold a code.
/// </summary>
public sealed class SmsClient(IHttpClientFactory clients, SmsOptions options)
{
    /// <summary>Name of the client at the factory.</summary>
    public const string Name = "sms";

    /// <summary>Sends a request and reads the answer, all within the time of the settings.</summary>
    /// <param name="request">The request.</param>
    /// <param name="read">What is made of an answer that is not 5xx.</param>
    /// <exception cref="ProviderUnavailableException">No answer, or one of 5xx: nobody knows whether the message was sent.</exception>
    public async Task<T> SendAsync<T>(HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read)
    {
        using var deadline = new CancellationTokenSource(options.Timeout);
        using var client = clients.CreateClient(Name);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return (int)response.StatusCode < 500
                ? await read(response, deadline.Token)
                : throw new ProviderUnavailableException($"The SMS provider answered HTTP {(int)response.StatusCode}.");
        }
        catch (OperationCanceledException e)
        {
            throw new ProviderUnavailableException($"The SMS provider did not answer within {options.Timeout.TotalSeconds} s.", e);
        }
        catch (HttpRequestException e)
        {
            throw new ProviderUnavailableException($"The SMS provider cannot be reached or broke off: {e.HttpRequestError}.", e);
        }
    }
}
