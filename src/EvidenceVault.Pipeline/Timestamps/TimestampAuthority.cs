using System.Formats.Asn1;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Timestamps;

/// <summary>Which authority stamps, and how often checkpoints are stamped.</summary>
public sealed record TimestampOptions
{
    /// <summary>The variables that name the authority's address and the file of the certificates it is held to.</summary>
    public const string AddressVariable = "EVIDENCEVAULT_TSA", CertificateVariable = "EVIDENCEVAULT_TSA_CA";

    /// <summary>Where the authority answers, http or https.</summary>
    public required Uri Address { get; init; }

    /// <summary>The authority's certificate or its CA's, PEM; several are all trusted.</summary>
    public required string CertificatesPem { get; init; }

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after one checkpoint was stamped the next one is.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long after the first failure it is tried again; each further one doubles it.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest that a try is put off.</summary>
    public TimeSpan RetryAtMost { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>From the two variables' values; null where no authority is set.</summary>
    /// <exception cref="RefusedException">One is set without the other, or cannot be used.</exception>
    public static TimestampOptions? From(string? address, string? certificateFile)
    {
        if (string.IsNullOrEmpty(address) && string.IsNullOrEmpty(certificateFile)) return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw Bad($"{AddressVariable} is not the http or https address of a time-stamping authority.");
        if (string.IsNullOrEmpty(certificateFile)) throw Bad($"{AddressVariable} is set, but {CertificateVariable} does not name the file with its certificate: a time stamp that is held to nothing shows nothing.");
        try
        {
            string pem = File.ReadAllText(certificateFile);
            X509Certificate2Collection found = [];
            found.ImportFromPem(pem);
            return found.Count > 0 ? new() { Address = uri, CertificatesPem = pem } : throw Bad($"'{Names.Printable(certificateFile)}' ({CertificateVariable}) holds no certificate in PEM.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Bad($"'{Names.Printable(certificateFile)}' ({CertificateVariable}) cannot be read ({e.Message}).");
        }
    }

    private static RefusedException Bad(string what) => new(what, "Nothing was started: seals would go without the time stamps that were asked for.", $"Set {AddressVariable} and {CertificateVariable}, or neither.");
}

/// <summary>A time stamp that was checked.</summary>
/// <param name="Token">The TimeStampToken, DER, byte for byte as it was sent.</param>
/// <param name="Time">When, by the authority's clock.</param>
/// <param name="Serial">The token's serial number, lower-case hex.</param>
/// <param name="CertificateSha256">SHA-256 of the authority's certificate, lower-case hex.</param>
public sealed record TimestampToken(byte[] Token, DateTimeOffset Time, string Serial, string CertificateSha256);

/// <summary>The authority answered, but not with a time stamp that holds.</summary>
public sealed class WrongReplyException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Asks a time-stamping authority (RFC 3161; over HTTP, section 3.4) and believes nothing it says until it is checked.</summary>
public sealed class TimestampAuthority : IDisposable
{
    private const int MostReply = 256 << 10;
    private const int NonceBytes = 16;

    private readonly TimestampOptions _options;
    private readonly HttpClient _http;

    /// <summary>The authority of these options.</summary>
    public TimestampAuthority(TimestampOptions options)
    {
        _options = options;
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { MaxResponseContentBufferSize = MostReply, Timeout = options.Patience };
    }

    /// <summary>Has bytes stamped. Only their SHA-256 leaves this machine.</summary>
    /// <exception cref="UnreachableException">The authority does not answer.</exception>
    /// <exception cref="WrongReplyException">What it answers is no time stamp of these bytes by the authority that is trusted.</exception>
    public async Task<TimestampToken> StampAsync(byte[] bytes, CancellationToken cancel)
    {
        // A nonce, so that an old answer cannot be played again (section 2.4.1); certReq, so that the token can be checked without asking anybody.
        byte[] nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        nonce[0] = (byte)(nonce[0] & 0x3f | 0x40); // positive and without leading zeroes: one spelling as an INTEGER
        var request = Rfc3161TimestampRequest.CreateFromData(bytes, HashAlgorithmName.SHA256, nonce: nonce, requestSignerCertificates: true);
        return Check(request, await AskAsync(request.Encode(), cancel).ConfigureAwait(false), bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<byte[]> AskAsync(byte[] request, CancellationToken cancel)
    {
        using ByteArrayContent content = new(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/timestamp-query");
        try
        {
            using HttpResponseMessage response = await _http.PostAsync(_options.Address, content, cancel).ConfigureAwait(false);
            if (response.StatusCode is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout) throw Unreachable($"it answers {(int)response.StatusCode}");
            if (response.StatusCode != HttpStatusCode.OK) throw new WrongReplyException($"The time-stamping authority answers {(int)response.StatusCode}.");
            return await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new WrongReplyException($"The time-stamping authority's reply is larger than {MostReply} bytes.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw Unreachable(e is OperationCanceledException ? $"no answer within {_options.Patience.TotalSeconds:0} seconds" : e.Message, e);
        }
    }

    private TimestampToken Check(Rfc3161TimestampRequest request, byte[] reply, byte[] stamped)
    {
        try
        {
            // Status (section 2.4.2), imprint, nonce and algorithm against the request.
            Rfc3161TimestampToken token = request.ProcessResponse(reply, out int read);
            if (read != reply.Length) throw new WrongReplyException("The time-stamping authority's reply has bytes after its end.");
            byte[] der = TokenIn(reply);
            // The same check as a stranger's: signature, certificate, its purpose and its path to what is trusted.
            TimestampVerdict verdict = TimestampCheck.Check(stamped, der, _options.CertificatesPem);
            if (!verdict.Finding.Holds) throw new WrongReplyException(verdict.Finding.Sentence);
            if (!token.VerifySignatureForData(stamped, out X509Certificate2? signer)) throw new WrongReplyException("The time stamp's signature or imprint does not hold.");
            using (signer)
            {
                return new(der, token.TokenInfo.Timestamp, Convert.ToHexStringLower(token.TokenInfo.GetSerialNumber().Span), Convert.ToHexStringLower(SHA256.HashData(signer.RawData)));
            }
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new WrongReplyException($"What the time-stamping authority answered is no time stamp of what was sent ({e.Message.TrimEnd('.')}).", e);
        }
    }

    // TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken TimeStampToken OPTIONAL }. Taken out as it is: decoding and encoding again could change it.
    private static byte[] TokenIn(byte[] reply)
    {
        AsnReader response = new AsnReader(reply, AsnEncodingRules.BER).ReadSequence();
        response.ReadEncodedValue();
        return response.ReadEncodedValue().ToArray();
    }

    private UnreachableException Unreachable(string why, Exception? cause = null) => new(
        $"The time-stamping authority {_options.Address.Host} cannot be reached: {why}.",
        "Sealing goes on; seals wait for their time stamps, and it is tried again.",
        $"Check the network and {TimestampOptions.AddressVariable}.", cause);
}
